# SPDX-License-Identifier: BSD-2-Clause
import unittest

import cpio


def read(data):
    """[(name, mode, contents)], as Linux reads them."""
    out, at = [], 0
    while True:
        assert data[at:at + 6] == b"070701", at
        fields = [int(data[at + 6 + 8 * n:at + 14 + 8 * n], 16) for n in range(13)]
        size, name_size = fields[6], fields[11]
        name = data[at + 110:at + 110 + name_size - 1].decode()
        at = (at + 110 + name_size + 3) & ~3
        if name == cpio.TRAILER:
            return out, data[at:]
        out.append((name, fields[1], data[at:at + size]))
        at = (at + size + 3) & ~3


class Cpio(unittest.TestCase):
    def test_files_come_back(self):
        files = {"init": (True, b"\x7fELF"), "m/kvm.ko": (False, b"12345"),
                 "m/order": (False, b""), "a/b/c": (False, b"x" * 4097)}
        entries, rest = read(cpio.archive(files))
        self.assertEqual(rest, b"")
        self.assertEqual(entries, [
            ("a", 0o40755, b""), ("a/b", 0o40755, b""), ("m", 0o40755, b""),
            ("init", 0o100755, b"\x7fELF"), ("m/kvm.ko", 0o100644, b"12345"),
            ("m/order", 0o100644, b""), ("a/b/c", 0o100644, b"x" * 4097)])

    def test_entries_are_aligned(self):
        for n in range(9):
            self.assertEqual(len(cpio.entry(1, "n" * n, 0, b"d" * n)) % 4, 0, n)
