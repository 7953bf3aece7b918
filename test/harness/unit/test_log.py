# SPDX-License-Identifier: BSD-2-Clause
import unittest

import log
import sample
import status as s
from damage import believed, judge


class Reading(unittest.TestCase):
    def test_all_that_there_is(self):
        seen = log.read(sample.passed())
        self.assertEqual(seen.damage, [])
        self.assertEqual(seen.head["machine"], "qemu-svm")
        self.assertEqual(seen.plan, 3)
        self.assertEqual([r.name for r in seen.results], ["host-gpt", "touch", "other"])
        self.assertEqual(seen.results[2].want, "high-memory")
        self.assertEqual(seen.figures, [("touch.pages", "1311", "pages")])
        self.assertEqual(seen.end, log.End("PASS", 2, 0, 1, {"high-memory": 1}))

    def test_a_failure_has_its_reason(self):
        seen = log.read(sample.failed())
        self.assertEqual(seen.damage, [])
        self.assertEqual(seen.failed[0].reason, "read faults: expected 130, saw 640")
        self.assertEqual(len(seen.failed[0].wrong), 2)
        self.assertEqual(seen.failed[0].why["duration"], 0.131)

    def test_byte_by_byte_is_the_same(self):
        data = b"SeaBIOS\r\n\x1b[0m" + sample.passed().replace(b"\n", b"\r\n")
        slow = log.Log()
        lines = [line for i in range(len(data)) for line in slow.feed(data[i:i + 1])]
        self.assertEqual(slow.close().damage, [])
        self.assertEqual(lines, log.read(sample.passed()).lines)

    def test_another_version_is_not_understood(self):
        self.assertIn("version 2", log.read(sample.passed(("# nestbox log 2",))).damage[0])

    def test_seals_are_not_shown(self):
        self.assertEqual(log.unsealed("ok 7 - race [7 00c0ffee]"), "ok 7 - race")
        self.assertEqual(log.unsealed("# x [7 00c0ffee]"), "# x [7 00c0ffee]")


class Damage(unittest.TestCase):
    def test_bytes_lost_or_changed(self):
        self.assertEqual(believed(sample.passed(), 33), [])
        self.assertEqual(believed(sample.failed(), 35), [])
        self.assertEqual(believed(sample.refused(), 37), [])

    def test_with_carriage_returns(self):
        self.assertEqual(believed(sample.passed().replace(b"\n", b"\r\n")), [])

    def test_each_byte_of_a_refusal(self):
        whole = sample.refused()
        for i in range(len(whole)):
            self.assertEqual(judge(whole[:i] + whole[i + 1:], 37).status, s.INCOMPLETE, i)

    def test_each_byte_lost_and_each_line(self):
        whole = sample.failed()
        for i in range(len(whole)):
            self.assertEqual(judge(whole[:i] + whole[i + 1:], 35).status, s.INCOMPLETE, i)
        lines = whole.splitlines(keepends=True)
        for i in range(len(lines)):
            lost = b"".join(lines[:i] + lines[i + 1:])
            self.assertEqual(judge(lost, 35).status, s.INCOMPLETE, lines[i])

    def test_cut_anywhere(self):
        for data, status in ((sample.passed(), 33), (sample.failed(), 35)):
            for i in range(len(data)):
                self.assertEqual(judge(data[:i], status).status, s.INCOMPLETE, i)
