# SPDX-License-Identifier: BSD-2-Clause
"""A log as a kernel writes it, for tests: with seals."""

from zlib import crc32

HEAD = ("# nestbox log 1", "# head build 1234567", "# head words exit=qemu", "# head seed 1",
        "# head machine qemu-svm", "# head memory 125 MiB", "# head cpus 1 of 1",
        "# head leaves 4k 2m 1g")
REMARKS = tuple(f"#   a remark of some length, number {n}, as there are many" for n in range(40))


def is_result(line):
    return line.startswith(("ok ", "not ok "))


def sealed(lines):
    """The bytes of these lines, and a seal where there has to be one."""
    out, crc, results = b"", 0, 0
    for line in lines:
        if is_result(line) or line.startswith("# nestbox end"):
            results += is_result(line)
            covered = f"{line} [{results} ".encode()
            out += covered + b"%08x]\n" % crc32(covered, crc)
            crc = 0
        else:
            out += line.encode() + b"\n"
            crc = crc32(line.encode() + b"\n", crc)
    return out


def end(verdict, ok=0, failed=0, skipped=0, wants=""):
    return (f"# nestbox end {verdict} ok={ok} failed={failed} skipped={skipped}"
            + (f" want={wants}" if wants else ""))


def passed(head=HEAD, skip="high-memory"):
    return sealed(["TAP version 13", *head, "1..3", "ok 1 - host-gpt", *REMARKS,
                   "# figure touch.pages 1311 pages", "ok 2 - touch",
                   f"ok 3 - other # SKIP for want of {skip}: it is not there",
                   end("PASS", 2, 0, 1, f"{skip}:1")])


def failed():
    return sealed(["TAP version 13", *HEAD, "1..2", "ok 1 - host-gpt",
                   "#   WRONG: read faults: expected 130, saw 640",
                   "#   WRONG: 2 MiB: expected 18, saw 0", "not ok 2 - touch", "  ---",
                   '  reason: "read faults"', '  expected: "130"', '  seen: "640"', "  wrong: 2",
                   "  duration: 0.131", "  ...", end("FAIL", 1, 1)])


def refused():
    return sealed(["TAP version 13", *HEAD[:3], "1..0 # SKIP no SVM", end("REFUSED")])
