# SPDX-License-Identifier: BSD-2-Clause
"""What of a log is shown on the user's console."""

import os
import re
import sys

import log

ALWAYS = re.compile(r"TAP version |1\.\.\d|(not )?ok \d|# nestbox end |# PANIC: |"
                    r"# (refused|remedy): |# alive |# soak: |fault |  (---|\.\.\.|[a-z]+: )")


class Console:
    """One line a test, and the reason of each failure; with verbose everything."""

    def __init__(self, verbose=False):
        self.verbose = verbose
        self.broken = False

    def line(self, line):
        if self.verbose or ALWAYS.match(line):
            self.put(log.unsealed(line))

    def put(self, text):
        """Who looks may go away (| head): the verdict does not depend on that."""
        if self.broken:
            return
        try:
            print(text, flush=True)
        except BrokenPipeError:
            self.broken = True
            # Or Python complains when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(*lines):
    """A line about the run, on stderr."""
    try:
        for line in lines:
            print(f"run.sh: {line}", file=sys.stderr, flush=True)
    except BrokenPipeError:
        pass


def say_raw(text):
    """What somebody else has said, on stderr, as it is."""
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        pass


def say_below(line):
    """What Linux below nestbox says, and its VMM."""
    say_raw(f"below: {line}")
