# SPDX-License-Identifier: BSD-2-Clause
import unittest

import machines
import sample
import status as s
from damage import judge

BOCHS = machines.MACHINES["bochs-vmx"]
OLD = machines.MACHINES["bochs-vmx-old"]
KVM = machines.MACHINES["kvm"]


def head(**changes):
    lines = [line for line in sample.HEAD if line.split()[2] not in changes]
    return (*lines, *(f"# head {key} {value}" for key, value in changes.items()))


class Believed(unittest.TestCase):
    def test_status_and_end_line_agree(self):
        self.assertEqual(judge(sample.passed(), 33).status, s.PASS)
        self.assertEqual(judge(sample.failed(), 35).status, s.FAIL)
        self.assertEqual(judge(sample.refused(), 37).status, s.CANNOT)
        self.assertEqual(judge(sample.passed(), 0, BOCHS).status, s.PASS)
        self.assertEqual(judge(sample.failed(), 1, BOCHS).status, s.FAIL)
        self.assertEqual(judge(sample.refused(), 1, BOCHS).status, s.CANNOT)

    def test_status_and_end_line_do_not_agree(self):
        for data, right in ((sample.passed(), 33), (sample.failed(), 35), (sample.refused(), 37)):
            for status in (0, 1, 33, 35, 37, 134, -9):
                if status != right:
                    self.assertEqual(judge(data, status).status, s.FAIL, (data, status))

    def test_what_has_to_be_refused_is_no_pass(self):
        machine = machines.MACHINES["qemu-novirt"]
        self.assertEqual(judge(sample.refused(), 37, machine).status, s.CANNOT)
        self.assertEqual(judge(sample.passed(), 33, machine).status, s.FAIL)

    def test_the_end_line_is_the_last(self):
        late = judge(sample.passed() + b"# PANIC: too late\n")
        self.assertEqual(late.status, s.FAIL)
        self.assertIn("too late", late.text)


class Reasons(unittest.TestCase):
    def test_of_a_failure(self):
        self.assertEqual(judge(sample.failed(), 35).text,
                         "FAIL: touch (read faults: expected 130, saw 640)")

    def test_of_skips(self):
        self.assertEqual(judge(sample.passed()).text, "PASS, 1 skipped: 1 for want of high-memory")


class Covered(unittest.TestCase):
    """A pass has tested what the machine was given."""

    def fails(self, data, why, **given):
        seen = judge(data, **given)
        self.assertEqual(seen.status, s.FAIL)
        self.assertIn(why, seen.text)

    def test_cpus(self):
        self.fails(sample.passed(), "2 CPUs", cpus=2)
        self.fails(sample.passed(head(cpus="1 of 2")), "1 of 2", cpus=2)
        self.assertEqual(judge(sample.passed(head(cpus="2 of 2")), cpus=2).status, s.PASS)

    def test_memory(self):
        self.fails(sample.passed(), "256 MiB", memory=256)
        self.assertEqual(judge(sample.passed(head(memory="6100 MiB"), skip="time"),
                               memory=6144).status, s.PASS)

    def test_leaves(self):
        self.fails(sample.passed(head(leaves="4k 2m")), "4k 2m 1g")
        self.fails(sample.passed(), "4k 2m", status=0, machine=OLD)
        self.assertEqual(judge(sample.passed(head(leaves="4k 2m")), 0, OLD).status, s.PASS)

    def test_skips(self):
        self.fails(sample.passed(head(cpus="2 of 2"), "cpus"), "other was skipped", cpus=2)
        self.fails(sample.passed(skip="unrestricted-guest"), "other was skipped")
        self.fails(sample.passed(skip="timer"), "other was skipped")
        self.fails(sample.passed(head(memory="6144 MiB")), "other was skipped", memory=6144)
        self.assertEqual(judge(sample.passed(skip="cpus")).status, s.PASS)
        self.assertEqual(judge(sample.passed(head(leaves="4k 2m"), "unrestricted-guest"), 0,
                               OLD).status, s.PASS)

    def test_where_nobody_knows(self):
        seen = judge(sample.passed(head(leaves="4k"), skip="timer"), machine=KVM)
        self.assertEqual(seen.text, "PASS, 1 skipped: 1 for want of timer")
