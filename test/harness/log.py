# SPDX-License-Identifier: BSD-2-Clause
"""The reader of logs: docs/log.md has the format. Nothing else reads what a kernel says."""

import json
import re
from dataclasses import dataclass, field
from zlib import crc32

VERSION = "1"
BEGIN = b"TAP version 13"

RESULT = re.compile(r"(not )?ok (\d+) - ([a-z0-9_-]+)(?: # (SKIP|TODO) (.*?))?$")
SEAL = re.compile(rb" \[(\d+) ([0-9a-f]{8})\]$")
SEALED = re.compile(rb"(not )?ok \d|# nestbox end ")
SKIP = re.compile(r"for want of ([a-z-]+): (.*)")
END = re.compile(r"# nestbox end (PASS|FAIL|REFUSED) ok=(\d+) failed=(\d+) skipped=(\d+)"
                 r"(?: want=([a-z-]+:\d+(?:,[a-z-]+:\d+)*))?$")


def unsealed(line):
    """The line as it is shown: without its seal."""
    return re.sub(r" \[\d+ [0-9a-f]{8}\]$", "", line) if SEALED.match(line.encode()) else line


@dataclass
class Result:
    number: int
    name: str
    ok: bool
    todo: str = None
    skip: str = None
    want: str = None  # of a skip
    wrong: list = field(default_factory=list)  # the WRONG lines before it
    why: dict = field(default_factory=dict)  # the YAML block behind it

    @property
    def failed(self):
        return not self.ok and not self.todo

    @property
    def reason(self):
        """In one line, why it failed: the first WRONG, or what the block says (a crash)."""
        return self.wrong[0] if self.wrong else self.why.get("reason", "no reason given")


@dataclass
class End:
    verdict: str
    ok: int
    failed: int
    skipped: int
    wants: dict


class Log:
    """Takes the bytes of a serial port as they come."""

    def __init__(self):
        self.before = b""  # what firmware and loader said
        self.begun = False
        self.lines = []  # all of them, from BEGIN on, as text
        self.head = {}
        self.plan = None
        self.results = []
        self.figures = []  # (name, value, unit)
        self.alive = None  # the last sign of life: (seconds, test)
        self.panics = []
        self.end = None
        self.trailing = []  # behind the end line
        self.damage = []
        self._rest = b""
        self._crc = 0
        self._wrong = []
        self._yaml = None

    def feed(self, data):
        """Returns the lines that data completes."""
        self._rest += data.replace(b"\r", b"")
        first = len(self.lines)
        while b"\n" in self._rest:
            line, self._rest = self._rest.split(b"\n", 1)
            self._take(line)
        return self.lines[first:]

    def close(self):
        """No more bytes will come. Looks at the whole; returns self."""
        if not self.begun:
            self.before += self._rest
            self._damaged(f"it does not begin with {BEGIN.decode()}")
            return self
        if self._rest:
            self.lines.append(self._rest.decode("latin-1"))
            self._damaged(f'it stops within a line: "{self.lines[-1][:60]}"')
        if not self.end:
            self._damaged("it has no end line")
        elif self.end.verdict == "PASS" and len(self.results) != (self.plan or 0):
            self._damaged(f"{self.plan} tests were planned, {len(self.results)} results came")
        return self

    def _damaged(self, what):
        self.damage.append(what)

    def _take(self, line):
        if not self.begun:
            if not line.endswith(BEGIN):
                self.before += line + b"\n"
                return
            line = BEGIN  # the terminal's escapes before it are GRUB's
            self.begun = True
        text = line.decode("latin-1")
        self.lines.append(text)
        if self.end:
            self.trailing.append(text)
        seal = SEAL.search(line) if SEALED.match(line) else None
        if seal:
            self._check(line, seal)
            text = text[:seal.start()]
        else:
            self._crc = crc32(line + b"\n", self._crc)
            if SEALED.match(line):
                self._damaged(f'a line has lost its seal: "{text[:60]}"')
        self._understand(text)

    def _check(self, line, seal):
        covered = line[:seal.start(2)]
        is_end = line.startswith(b"#")
        if crc32(covered, self._crc) != int(seal[2], 16):
            self._damaged(f"before or in line {len(self.lines)}, \"{line.decode('latin-1')[:60]}\"")
        elif int(seal[1]) != len(self.results) + (not is_end):
            self._damaged(f"line {len(self.lines)}: result {seal[1].decode()} comes behind "
                          f"{len(self.results)} others")
        self._crc = 0

    def _understand(self, text):
        if self._yaml is not None and text.startswith("  "):
            self._take_yaml(text.strip())
            return
        self._yaml = None
        if match := RESULT.match(text):
            self._take_result(match)
        elif match := END.match(text):
            wants = dict(w.split(":") for w in match[5].split(",")) if match[5] else {}
            self.end = End(match[1], int(match[2]), int(match[3]), int(match[4]),
                           {want: int(n) for want, n in wants.items()})
        elif match := re.match(r"1\.\.(\d+)", text):
            self.plan = int(match[1])
        elif text.startswith("# "):
            self._take_remark(text[2:])

    def _take_result(self, match):
        result = Result(int(match[2]), match[3], not match[1], wrong=self._wrong)
        self._wrong = []
        if match[4] == "TODO":
            result.todo = match[5]
        elif match[4] == "SKIP":
            result.skip = match[5]
            if want := SKIP.match(match[5]):
                result.want, result.skip = want[1], want[2]
        self.results.append(result)
        if result.failed:
            self._yaml = result.why

    def _take_yaml(self, text):
        key, colon, value = text.partition(": ")
        if colon:
            try:
                self._yaml[key] = json.loads(value)
            except ValueError:
                self._yaml[key] = value

    def _take_remark(self, text):
        kind, _, rest = text.strip().partition(" ")
        words = rest.split(" ")
        if kind == "head" and len(words) > 1:
            self.head[words[0]] = rest.partition(" ")[2]
        elif kind == "figure" and len(words) == 3:
            self.figures.append(tuple(words))
        elif kind == "alive" and len(words) == 2:
            self.alive = tuple(words)
        elif kind == "nestbox" and words[0] == "log" and words[1:] != [VERSION]:
            self._damaged(f"it is of version {words[-1]}, and this reader knows {VERSION}")
        elif kind == "WRONG:":
            self._wrong.append(rest)
        elif kind == "PANIC:":
            self.panics.append(rest)

    # ---- Questions ----

    @property
    def failed(self):
        return [r for r in self.results if r.failed]

    @property
    def skipped(self):
        return [r for r in self.results if r.skip]

    @property
    def last_line(self):
        return unsealed(self.lines[-1]) if self.lines else ""

    def head_number(self, key):
        """The first number of a head line; None if there is none."""
        match = re.match(r"\d+", self.head.get(key, ""))
        return int(match[0]) if match else None


def read(data):
    """A whole log, from its bytes."""
    log = Log()
    log.feed(data)
    return log.close()
