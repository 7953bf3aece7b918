# SPDX-License-Identifier: BSD-2-Clause
"""make faults: builds and runs each deliberate bug (kernel/lib/fault.h), and looks whether the
test that is there for it goes red, for the right reason. Two at a time. Speaks TAP."""

import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import boot
import build
import fault_rows
import machines
import show
import status as s

JOBS = int(os.environ.get("JOBS", "2"))
TIMEOUT = 120  # seconds of silence
HOST_LIMIT = 300  # seconds


class Wrong(Exception):
    """Why a row does not hold."""


def in_order(patterns, lines):
    """Whole lines, one behind the other, by patterns."""
    at = 0
    for pattern in patterns:
        while at < len(lines) and not re.fullmatch(pattern, lines[at]):
            at += 1
        if at == len(lines):
            raise Wrong(f"no such line, or not in this order: {pattern}")
        at += 1


class Runner:
    """cancel: set when all is to end."""

    def __init__(self):
        self.cancel = threading.Event()

    def host(self, row, fault):
        """(status, names of its failed parts, lines)."""
        name = f"test/unit/{row.words}"
        path = build.fault_folder(fault) / name
        build.make(f"{build.BUILD}-fault/{fault}/{name}" if fault else f"{build.BUILD}/{name}",
                   fault=fault)
        limit = HOST_LIMIT * boot.slowness()
        try:
            done = subprocess.run([path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace",
                                  check=False, timeout=limit,
                                  env=os.environ | {"CMOCKA_MESSAGE_OUTPUT": "TAP"})
        except subprocess.TimeoutExpired as e:
            raise Wrong(f"it did not end within {limit} s") from e
        lines = done.stdout.splitlines()
        return done.returncode, re.findall(r"^not ok \d+ - (.*)$", done.stdout, re.M), lines

    def machine(self, row, fault):
        words = row.words if row.fault.startswith("gpt-") else f"{row.words} {boot.SHORT}"
        request = boot.Request(machines.MACHINES[row.machine], cpus=row.cpus, cmdline=words,
                               timeout=TIMEOUT, fault=fault)
        build.make("iso", fault=fault)
        outcome = boot.run(request, cancel=self.cancel)
        lines = [*outcome.log.lines, f"run.sh: {row.machine}: {outcome.verdict.text}"]
        return outcome.verdict.status, [r.name for r in outcome.log.failed], lines

    def go(self, row, fault):
        return (self.host if row.machine == "host" else self.machine)(row, fault)

    def passes(self, row):
        """Without the bug nothing may be red, or red would say nothing."""
        status, red, lines = self.go(row, None)
        if status or red:
            raise Wrong(f"without the bug: status {status}, failed: {red}; {lines[-1]}")

    def is_caught(self, row):
        status, red, lines = self.go(row, row.fault)
        in_order(row.says, lines)
        if row.machine == "host":
            if not status or row.red not in red:
                raise Wrong(f"status {status}, failed: {red}")
            return
        if not any(line.endswith(f" with the deliberate bug {row.fault}") for line in lines):
            raise Wrong("the log does not say that it is a build with this bug")
        if red != row.red.split() or status != row.status:
            raise Wrong(f"status {status} (not {row.status}), failed: {red}; {lines[-1]}")


# ---- All of them ----


def same_names(_row):
    """A bug without a row, or a row without a bug."""
    there = set(build.make("-s", "list-faults").split())
    rows = {row.fault for row in fault_rows.ROWS}
    if there != rows:
        raise Wrong(f"not both in the sources and in a table: {' '.join(sorted(there ^ rows))}")


def jobs_of(rows, runner):
    """(title, function, row) of each. What passes is tried once for each machine and words."""
    tried = set()
    for row in rows:
        if (key := (row.machine, row.cpus, row.words)) not in tried:
            tried.add(key)
            yield f"{row.where}, {row.words}: passes without a bug", runner.passes, row
        by = row.red or "run.sh"
        yield f"{row.fault}: caught by {by} on {row.where}", runner.is_caught, row


def try_job(job):
    """None, or why it fails, in lines."""
    _, function, row = job
    try:
        function(row)
    except Wrong as e:
        return [str(e)]
    except s.Stop as e:
        return list(e.lines)
    return None


def report(number, title, why):
    print(f"{'not ' if why else ''}ok {number} - {title}", flush=True)
    for line in why or ():
        print(f"# {line}", flush=True)


def choose(words):
    rows = fault_rows.ROWS
    if words == ["--reports"]:  # test/diagnostics.t
        return fault_rows.REPORTS
    if not words:
        return [row for row in rows if row not in fault_rows.REPORTS]
    chosen = [row for row in rows if row.fault in words]
    if not chosen:
        names = sorted({row.fault for row in rows})
        raise s.Stop(s.USAGE, f'no row for "{words[0]}"; there are: {" ".join(names)}')
    return chosen


def run(words):
    runner = Runner()
    jobs = list(jobs_of(choose(words), runner))
    if not words:
        jobs.append(("the sources and the tables have the same bugs", same_names, None))
    build.make("iso")
    print(f"1..{len(jobs)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(JOBS) as pool:
        try:
            for number, (job, why) in enumerate(zip(jobs, pool.map(try_job, jobs)), 1):
                report(number, job[0], why)
                failed += bool(why)
        except BaseException:
            runner.cancel.set()
            pool.shutdown(cancel_futures=True)
            raise
    if failed:
        show.say(f"{failed} of {len(jobs)} failed")
    return s.FAIL if failed else s.PASS
