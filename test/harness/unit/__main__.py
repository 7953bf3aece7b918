# SPDX-License-Identifier: BSD-2-Clause
"""The tests of the harness itself, by unittest, in TAP: test/harness.t."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]


class TapResult(unittest.TestResult):
    number = 0

    def line(self, test, ok, directive="", details=""):
        self.number += 1
        print(f"{'' if ok else 'not '}ok {self.number} - {test.id()}{directive}")
        for line in details.splitlines():
            print(f"# {line}")

    def addSuccess(self, test):
        self.line(test, True)

    def addSkip(self, test, reason):
        self.line(test, True, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, False, details=self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.line(test, False, details=self._exc_info_to_string(err, test))


def main():
    suite = unittest.defaultTestLoader.discover(str(HERE), top_level_dir=str(HERE))
    result = TapResult()
    print(f"1..{suite.countTestCases()}")
    suite.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
