# SPDX-License-Identifier: BSD-2-Clause
"""How run.sh ends, and the exception that ends it. docs/running.md has the table."""

PASS = 0
FAIL = 1
USAGE = 2
CANNOT = 3  # run here: something is missing, refused, no space, read-only
INCOMPLETE = 4  # bytes of the log are lost
TIMED_OUT = 124
NOT_BUILT = 125


class Stop(Exception):
    """Ends the program with a status and, if there are any, lines for the user."""

    def __init__(self, status, *lines):
        super().__init__(*lines)
        self.status = status
        self.lines = lines
