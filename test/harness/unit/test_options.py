# SPDX-License-Identifier: BSD-2-Clause
import unittest

import machines
import options
import status as s


class Options(unittest.TestCase):
    def parse(self, text):
        return options.parse(text.split())

    def refused(self, text, why):
        with self.assertRaises(s.Stop) as caught:
            self.parse(text)
        self.assertEqual(caught.exception.status, s.USAGE)
        self.assertIn(why, caught.exception.lines[0])

    def test_memory_has_units(self):
        for text, mib in (("2G", 2048), ("512M", 512), ("512", 512), ("1GiB", 1024)):
            self.assertEqual(self.parse(f"--memory {text}").memory, mib)
        self.refused("--memory 2T", '--memory "2T": a number from 8 to')

    def test_values_by_equals(self):
        seen = self.parse("--machine=bochs-vmx --cpus=2 --cmdline=run=hello")
        self.assertEqual(seen.machine, machines.MACHINES["bochs-vmx"])
        self.assertEqual(seen.cmdline, "run=hello")

    def test_numbers_are_in_range(self):
        self.refused("--cpus 0", "a number from 1 to 64")
        self.refused("--machine bochs-vmx --cpus 9", "a number from 1 to 8")
        self.refused("--cpus 9 --machine bochs-vmx", "a number from 1 to 8")
        self.refused("--timeout", "needs a value")

    def test_some_machines_can_be_migrated(self):
        self.assertEqual(self.parse("--machine kvm-vmx --migrate 50").migrate, 50)
        self.refused("--machine kvm-svm --migrate 0", "a number from 1 to")
        self.refused("--migrate 50", "only with kvm-svm and kvm-vmx")
        self.refused("--machine kvm-svm --firmware uefi", "not with kvm-svm")

    def test_options_go_with_words(self):
        self.refused("test --memory 128", "--memory does not go with test")
        self.refused("--log x list", "--log does not go with list")
        self.refused("list frob", '"frob" behind list')

    def test_debug_takes_options_anywhere_and_gdbs(self):
        seen = self.parse("--cmdline run=hole debug --memory 256 -batch -x file --cpus")
        self.assertEqual((seen.cmdline, seen.memory), ("run=hole", 256))
        self.assertEqual(seen.operands, ["-batch", "-x", "file", "--cpus"])
        self.assertEqual(seen.timeout, options.DEBUG_TIMEOUT)
        self.assertEqual(self.parse("debug").operands, [])
        seen = self.parse("--machine qemu-nopit --firmware uefi debug")
        self.assertEqual((seen.machine.name, seen.firmware), ("qemu-nopit", "uefi"))

    def test_words_of_a_machine(self):
        seen = machines.MACHINES["bochs-svm"].words()
        self.assertEqual(seen, ["exit=bochs", "machine=bochs-svm", "known=spin,triple",
                                "kick=nmi", "check=tlb"])
        seen = machines.MACHINES["kvm-vmx"].words()
        self.assertEqual(seen, ["exit=qemu", "machine=kvm-vmx", "known=spin,deaf", "large-exec",
                                "check=tlb"])
