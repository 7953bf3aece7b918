# SPDX-License-Identifier: BSD-2-Clause
"""Logs that have lost bytes: whatever was hit, there is neither a pass nor a failure.

damage.py LOG: of a log that passed, 100 copies each with one byte in 1000, 10000 and 100000
lost or changed."""

import random
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import log
import machines
import status as s
import verdict

QEMU = machines.MACHINES["qemu-svm"]
ONE_IN = (1000, 10000, 100000)
COPIES = 100


def judge(data, status=33, machine=QEMU, cpus=1, memory=128):
    return verdict.judge(machine, log.read(data), status, cpus, memory)


def damaged(data, one_in, dice):
    """One byte in so many is lost or changed, and one at least."""
    data = bytearray(data)
    hits = [i for i in range(len(data)) if dice.random() < 1 / one_in]
    for i in reversed(hits or [dice.randrange(len(data))]):
        if dice.random() < 0.5:
            del data[i]
        else:
            data[i] ^= dice.randrange(1, 256)
    return bytes(data)


def believed(data, status=33, seed=1):
    """The damaged copies, if any, that count as a pass or a failure. CRs are not of the log."""
    dice = random.Random(seed)
    copies = [damaged(data, one_in, dice) for one_in in ONE_IN for _ in range(COPIES)]
    return [bad for bad in copies
            if bad.replace(b"\r", b"") != data.replace(b"\r", b"")
            and judge(bad, status).status != s.INCOMPLETE]


def main(path):
    data = Path(path).read_bytes()
    if judge(data).status != s.PASS:
        sys.exit(f"{path}: this is no pass: {judge(data).text}")
    sys.exit(len(believed(data)))


if __name__ == "__main__":
    main(*sys.argv[1:])
