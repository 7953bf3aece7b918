# SPDX-License-Identifier: BSD-2-Clause
"""One boot of a machine: started, followed on its serial port, ended, and judged."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import build
import kvm
import log as logs
import machines
import status as s
import verdict

POLL = 0.05  # seconds between two looks at the serial port
STEP_MAX = 1.0  # of silence that one look can add: we may have been stopped ourselves
TIME_ZERO = "00000000000"  # ticks, in a line of Bochs's log
SPACE_LEAST = 4096  # bytes on the disk, or lost bytes are no wonder
CONSOLE_SHOWN = 20  # lines of Linux's, if something is wrong
LIMIT = 10  # times the time-out is the most that a talkative machine may take
SHORT = "gpt-script=c34.f.8"  # for boots that are not about the self-test of page tables
SLOW = "SLOW"  # in the environment: by how much all limits of time are multiplied


def slowness():
    text = os.environ.get(SLOW, "1")
    if not re.fullmatch(r"[1-9]\d{0,2}", text):
        raise s.Stop(s.USAGE, f'{SLOW}="{text}" in the environment: a number from 1 to 999')
    return int(text)


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    machine: machines.Machine
    firmware: str = "bios"
    memory: int = 128  # MiB
    cpus: int = 1
    cmdline: str = ""
    timeout: int = 120  # seconds of silence
    iso: Path = None  # this one in place of the one that is built
    fault: str = None  # the deliberate bug that it is built with
    migrate: int = 0  # how often
    verbose: bool = False  # Linux below is to tell more

    @property
    def words(self):
        words = self.machine.words()
        if self.machine.kvm_module:
            words += kvm.words(self.machine)
        if slowness() > 1:
            words.append(f"slow={slowness()}")
        return " ".join(words + ([self.cmdline] if self.cmdline else []))


@dataclass
class Outcome:
    verdict: verdict.Verdict
    log: logs.Log
    seconds: float


class Console:
    """What comes on a second serial port, where there is one: Linux's."""

    def __init__(self, path, on_line):
        path.touch()
        self.file = open(path, "rb")
        self.on_line = on_line
        self.lines = []
        self._rest = b""

    def take(self):
        data = self.file.read()
        *lines, self._rest = (self._rest + data).replace(b"\r", b"").split(b"\n")
        for line in lines:
            self.lines.append(line.decode("latin-1"))
            self.on_line(self.lines[-1])
        return bool(data)

    def close(self):
        self.take()
        if self._rest:
            self.lines.append(self._rest.decode("latin-1"))
        self.file.close()


class Boot:
    """cancel: an event by which another thread ends it. on_line: called with each line of the
    log as it comes. meddle: called at each look with the emulator's process, for tests.
    on_below: called with each line of Linux below nestbox, where there is one."""

    def __init__(self, request, on_line=lambda line: None, cancel=None, meddle=None,
                 on_below=lambda line: None):
        self.request = request
        self.on_line = on_line
        self.cancel = cancel or threading.Event()
        self.meddle = meddle
        self.on_below = on_below
        self.console = None
        self.log = logs.Log()
        self.dir = None
        self.trouble = []  # what else is known, if something is wrong

    def run(self):
        try:
            self.dir = Path(tempfile.mkdtemp(prefix="nestbox."))
        except OSError as e:
            raise build.stop_for(e, tempfile.gettempdir()) from e
        try:
            return self._run()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _run(self):
        r = self.request
        setup = machines.Setup(r.machine, self.dir / "nestbox.iso", self.dir, r.cpus, r.memory,
                               r.firmware, r.words, r.migrate, r.verbose)
        build.patch(r.iso or build.iso(r.fault), setup.iso, r.words, r.machine.grub)
        began = time.monotonic()
        status, late = self._follow(setup)
        self.log.close()
        judged = self._judge(status, late)
        if judged.trouble:
            self.trouble = self._look_for_trouble()
        return Outcome(judged, self.log, time.monotonic() - began)

    def _start(self, setup):
        """Whatever happens to us, it does not run on: setpriv."""
        command = (kvm if setup.machine.kvm_module else machines).command(setup)
        with open(self.dir / "output", "wb") as output:
            return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                                    stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _follow(self, setup):
        """(status, whether it was ended for being late)."""
        setup.serial.touch()
        if setup.machine.kvm_module:
            self.console = Console(setup.console, self.on_below)
        with open(setup.serial, "rb") as serial:
            process = self._start(setup)
            try:
                late = self._watch(process, serial)
            finally:
                process.kill()
                process.wait()
            self._take(serial)
            if self.console:
                self.console.close()
        return process.returncode, late

    def _watch(self, process, serial):
        timeout = self.request.timeout * slowness()
        silent = total = 0.0
        last = time.monotonic()
        while process.poll() is None:
            now = time.monotonic()
            step, last = min(now - last, STEP_MAX), now
            silent = 0.0 if self._take(serial) else silent + step
            total += step
            if self.cancel.is_set() or silent > timeout or total > LIMIT * timeout:
                return True
            if self.meddle:
                self.meddle(process)
            time.sleep(POLL)
        return False

    def _take(self, serial):
        data = serial.read()
        for line in self.log.feed(data):
            self.on_line(line)
        below = self.console.take() if self.console else False
        return bool(data) or below

    def _judge(self, status, late):
        r = self.request
        if late:
            test = f" {self.log.alive[1]} was running." if self.log.alive else ""
            return verdict.Verdict(s.TIMED_OUT, f"TIME-OUT, nothing new for "
                                   f"{r.timeout * slowness()} s.{test} Last line: "
                                   f"{self.log.last_line}", True)
        if self.log.damage and build.free_of(self.dir) < SPACE_LEAST:
            return verdict.Verdict(s.CANNOT, f"no disk space is left in {self.dir.parent}", True)
        if not self.log.begun and self._never_ran(status):
            return verdict.Verdict(s.CANNOT, f"{r.machine.emulator} did not start", True)
        panic = self._bochs_panics()[:1]
        if panic:
            return verdict.Verdict(s.FAIL, f"FAIL, the machine has crashed: {panic[0]}", True)
        judged = verdict.judge(r.machine, self.log, status, r.cpus, r.memory)
        if judged.status == s.PASS and r.migrate:
            if why := kvm.migrations_missing(self.console.lines, r.migrate):
                return verdict.less_than_asked(why)
        return judged

    def _never_ran(self, status):
        """Whether the emulator has ended before the machine's first instruction."""
        if self.request.machine.is_bochs:
            return any(line.startswith(TIME_ZERO) for line in self._bochs_panics()[:1])
        return status == 1

    def _bochs_panics(self):
        """The lines of its own log that say why Bochs ended, behind its time in ticks. The
        kernel's way to end it is none of them."""
        path = self.dir / "bochs.log"
        text = path.read_text(encoding="latin-1") if path.exists() else ""
        return [line for line in text.splitlines()
                if ">>PANIC<<" in line and "Shutdown port" not in line]

    def _look_for_trouble(self):
        lines = []
        if not self.log.begun:
            before = self.log.before.decode("latin-1").replace("\033", "").splitlines()[-20:]
            lines += ["the kernel said nothing" + ("; before it came:" if before else "")] + before
        if self.console and (below := self.console.lines[-CONSOLE_SHOWN:]):
            lines += ["Linux below it said last:", *below]
        output = (self.dir / "output").read_text(encoding="latin-1")
        # Bochs's screen, too: blank, and without ends of lines.
        output = re.sub(r"[\r\033]", "\n", output)
        lines += [line for line in output.splitlines() if line.strip()][-10:]
        bochs = self.dir / "bochs.log"
        if bochs.exists():
            text = bochs.read_text(encoding="latin-1").splitlines()
            panics = [i for i, line in enumerate(text) if "PANIC" in line]
            lines += [line for i in panics[:1] for line in text[i:i + 45] if line.strip()]
        return lines


def run(request, **more):
    return Boot(request, **more).run()
