# SPDX-License-Identifier: BSD-2-Clause
"""./run.sh test: all tests by prove; what is kept of those that fail, and said in the end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import boot
import build
import machines
import show
import status as s

JOBS = os.environ.get("JOBS", "2")
LIMIT = 600  # seconds for one test, times SLOW
GRACE = 5  # seconds to end by itself, when told to
QUIET = 30  # seconds without a word, then a line says what is going on
ONE = "NESTBOX_TEST_LOGS"  # in the environment of a test: the folder for logs of its boots


def name_of(test):
    return Path(test).stem


def choose(operands):
    """The test files, and whether some were left out."""
    everything = build.make("-s", "list-tests").split()
    if not operands:
        return everything, False
    by_name = {name_of(test): test for test in everything}
    chosen = []
    for name in operands:
        if name in machines.MACHINES:
            m = machines.MACHINES[name]
            name = "refuse" if m.refused else m.test or name
        if name not in by_name:
            raise s.Stop(s.USAGE, f'unknown test "{name}"; known are: {" ".join(by_name)}')
        chosen.append(by_name[name])
    return list(dict.fromkeys(chosen)), True


# ---- One test, as prove starts it ----


def run_one(command):
    """Runs a test. Its output goes to our stdout and its log, which stays if it fails."""
    name = name_of(command[0])
    folder = build.folder() / "log"
    boots = folder / name
    shutil.rmtree(boots, ignore_errors=True)
    boots.mkdir(parents=True)
    path = folder / f"{name}.log"
    began = time.monotonic()
    limit = int(os.environ.get("LIMIT", LIMIT)) * boot.slowness()
    with open(path, "wb") as log:
        status, late = pass_on(command, log, limit, {ONE: str(boots)})
    if late:
        append(path, f"# ended after {limit} s, its limit (SLOW=2 doubles it)")
        print(f"# {name}: ended after {limit} s, its limit")
    failed = status != 0 or failures(path)
    if failed:
        append(path, f"# status {status} after {time.monotonic() - began:.0f} s")
        for console in sorted(boots.iterdir()):
            append(path, f"\n==== {console.name} ====\n{console.read_text(encoding='latin-1')}")
    else:
        path.unlink()
    shutil.rmtree(boots, ignore_errors=True)
    return status


def pass_on(command, log, limit, env):
    """(status, whether it was ended for being late)."""
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=os.environ | env)
    late = threading.Event()

    def end():
        late.set()
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()

    clock = threading.Timer(limit, end)
    clock.start()
    try:
        for line in process.stdout:
            log.write(line)
            log.flush()
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    finally:
        status = process.wait()
        clock.cancel()
    return (s.TIMED_OUT if late.is_set() else status), late.is_set()


def append(path, text):
    with open(path, "a", encoding="latin-1") as log:
        print(text, file=log)


def failures(path):
    """The names of the tests that failed, in a log of ours."""
    text = path.read_text(encoding="latin-1").split("\n==== ")[0]
    return re.findall(r"^not ok \d+(?: - (?:(?!# TODO).)*)?$", text, re.M)


# ---- All of them, by prove ----


def prove(files):
    """Its status. In a process group of its own, so that it can be ended as a whole."""
    exec_ = f"{sys.executable} -B {build.TOP / 'test/harness'} one"
    env = os.environ | {"BUILD": build.BUILD, "CMOCKA_MESSAGE_OUTPUT": "TAP",
                        "LC_ALL": "C"}
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "prove", "--timer",
                                "-j", JOBS, "--exec", exec_, *files],
                               cwd=build.TOP, env=env, stdin=subprocess.DEVNULL,
                               process_group=0)
    try:
        return wait_for(process)
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        wait_for_group(process.pid)
        raise


def wait_for_group(group):
    """Until all that were told to end have done so; whoever does not is killed."""
    for _ in range(GRACE * 20):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)


def wait_for(process):
    """Says now and then what is going on, where prove has no terminal to do so."""
    while True:
        try:
            return process.wait(QUIET if not sys.stdout.isatty() else None)
        except subprocess.TimeoutExpired:
            running = sorted(p.name for p in (build.folder() / "log").glob("*/"))
            if running:
                show.say(f"running: {', '.join(running)}")


def first_reason(path):
    """The verdict of the machine that it is about, with its first WRONG; or its first failed
    part. Not the WRONG lines of all its boots: some may have to fail."""
    text = path.read_text(encoding="latin-1").split("\n==== ")[0]
    for pattern in (r"^run\.sh: [a-z0-9-]+: ((?:FAIL|TIME-OUT|INCOMPLETE).*)",
                    r"^not ok \d+ - (.*)", r"^# (.*)"):
        if match := re.search(pattern, text, re.M):
            return match[1].rstrip()
    return "it said nothing"


def summarize(status, began):
    """The lines at the end. status: prove's, which also counts what has not run."""
    failed = sorted((build.folder() / "log").glob("*.log"))
    took = f"{time.monotonic() - began:.0f} s"
    if status == 0:
        return [f"PASS, in {took}. Skips are normal: what this machine lacks is not tested."]
    lines = [f"FAIL, in {took}:" if failed else f"FAIL, in {took}; prove says why, above"]
    for path in failed:
        lines += [f"  {path.stem}: {first_reason(path)}", f"    {os.path.relpath(path)}"]
    return lines


def run_files(files):
    """For the Makefile, too, which has built all that they need."""
    began = time.monotonic()
    shutil.rmtree(build.folder() / "log", ignore_errors=True)
    (build.folder() / "log").mkdir()
    status = prove(files)
    show.say(*summarize(status, began))
    return s.PASS if status == 0 else s.FAIL


def run(options):
    show.say("building")
    files, partly = choose(options.operands)
    build.make("iso", "words", *([] if partly else ["host-tests"]))
    if partly:
        show.say("left out: the host tests, and all tests that were not named")
    return run_files(files)
