# SPDX-License-Identifier: BSD-2-Clause
"""Hosts that have no time: thefts (the emulator is stopped and continued, at moments that
follow from a seed) and load (busy loops beside it). No boot may be red for it. Speaks TAP."""

import math
import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import boot
import build
import machines
import status as s

GUESTS = f"run=spin,spin_if,stale,deaf,turns,shoot {boot.SHORT}"
CPUS = 2
AT_ONCE = 4  # boots; they are stopped most of the time
PER_BOOT = 20  # thefts
STOLEN = (0.1, 5.0)  # seconds, least and most
GAP = 0.15  # seconds between two thefts, on the average
LOOPS = 4


class Thief(threading.Thread):
    """Stops and continues a process, as long as it lives."""

    def __init__(self, dice, most):
        super().__init__(daemon=True)
        self.dice = dice
        self.most = most
        self.process = None
        self.over = threading.Event()
        self.thefts = 0
        self.stolen = 0.0

    def meddle(self, process):
        """Called by the boot, at each look."""
        if not self.process:
            self.process = process
            self.start()

    def run(self):
        while self.thefts < self.most and not self.over.wait(self.dice.expovariate(1 / GAP)):
            seconds = math.exp(self.dice.uniform(*map(math.log, STOLEN)))
            try:
                self.process.send_signal(signal.SIGSTOP)
                self.over.wait(seconds)
                self.process.send_signal(signal.SIGCONT)
            except ProcessLookupError:
                return
            self.thefts += 1
            self.stolen += seconds


def request_for(name):
    return boot.Request(machines.MACHINES[name], cpus=CPUS, cmdline=GUESTS)


class FromKernel:
    """Thefts begin when the kernel does: firmware and loader are not what is tried."""

    def __init__(self, thief):
        self.thief = thief
        self.begun = False

    def on_line(self, _line):
        self.begun = True

    def meddle(self, process):
        if self.begun:
            self.thief.meddle(process)


def stolen_boot(name, seed, most, cancel):
    """(verdict, what happened in words, thefts)."""
    thief = Thief(random.Random(seed), most)
    begin = FromKernel(thief)
    outcome = boot.Boot(request_for(name), begin.on_line, cancel, begin.meddle).run()
    thief.over.set()
    return (outcome.verdict, f"seed {seed}: {thief.thefts} thefts, {thief.stolen:.1f} s stolen",
            thief.thefts)


def report(number, verdict, title):
    print(f"{'' if verdict.status == s.PASS else 'not '}ok {number} - {title}")
    print(f"# {verdict.text}", flush=True)
    return verdict.status != s.PASS


def thefts(words):
    """thefts MACHINE N [SEED]: until so many were made."""
    name, wanted, seed = words[0], int(words[1]), int(words[2]) if words[2:] else 1
    build.make("iso")
    cancel = threading.Event()
    made = number = failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            while made < wanted:
                seeds = range(seed + number, seed + number + AT_ONCE)
                most = min(PER_BOOT, math.ceil((wanted - made) / AT_ONCE))
                for verdict, title, n in pool.map(
                        lambda each: stolen_boot(name, each, most, cancel), seeds):
                    number += 1
                    made += n
                    failed += report(number, verdict, f"{name}, {title}")
        except BaseException:
            cancel.set()
            raise
    number += 1
    enough = made >= wanted
    print(f"{'' if enough else 'not '}ok {number} - {name}: {made} thefts\n1..{number}")
    return s.FAIL if failed or not enough else s.PASS


def load(words):
    """load MACHINE BOOTS: beside busy loops that are pinned to one CPU."""
    name, boots = words[0], int(words[1])
    build.make("iso")
    one = min(os.sched_getaffinity(0))
    loops = [subprocess.Popen(["setpriv", "--pdeathsig", "KILL", sys.executable, "-c",
                               f"import os; os.sched_setaffinity(0, [{one}])\nwhile True: pass"])
             for _ in range(LOOPS)]
    try:
        failed = sum(report(n + 1, boot.run(request_for(name)).verdict,
                            f"{name}, boot {n + 1} beside {LOOPS} busy loops on one CPU")
                     for n in range(boots))
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    print(f"1..{boots}")
    return s.FAIL if failed else s.PASS
