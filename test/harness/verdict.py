# SPDX-License-Identifier: BSD-2-Clause
"""What to believe of a machine that has ended: its status, its log, and what it was given."""

from collections import Counter
from dataclasses import dataclass

import status as s

SHOWN = 3  # failed tests in one line


@dataclass(frozen=True)
class Verdict:
    status: int
    text: str
    trouble: bool = False  # what else is known of the machine should be shown


def plural(n, what):
    return f"{n} {what}" + ("" if n == 1 else "s")


def skips_in_words(log):
    """What was skipped for want of what; empty if nothing was."""
    wants = Counter(r.want or "something" for r in log.skipped)
    if not wants:
        return ""
    each = ", ".join(f"{n} for want of {want}" for want, n in sorted(wants.items()))
    return f"{sum(wants.values())} skipped: {each}"


def failures_in_words(log):
    """The failed tests, each with the first thing that was wrong."""
    words = [f"{r.name} ({r.reason})" for r in log.failed[:SHOWN]]
    if len(log.failed) > SHOWN:
        words.append(f"and {len(log.failed) - SHOWN} more")
    return ", ".join(words) or "; ".join(log.panics[:1]) or "no test has failed"


def memory_least(given):
    """MiB that a machine with so many has to report: firmware and kernel take some."""
    return given - 8 - given // 32


def shortfall(machine, log, cpus, memory):
    """In what the machine that ran is less than the one that was asked for; None: nothing."""
    if log.head_number("cpus") != cpus:
        return f"it was given {plural(cpus, 'CPU')}, and says: {log.head.get('cpus')}"
    if (log.head_number("memory") or 0) < memory_least(memory):
        return f"it was given {memory} MiB of memory, and says: {log.head.get('memory')}"
    if machine.leaves and log.head.get("leaves", "").split() != list(machine.leaves):
        return f"it has leaves of {' '.join(machine.leaves)}, and says: {log.head.get('leaves')}"
    wants = machine.may_lack(cpus, memory)
    for r in log.skipped:
        if wants is not None and r.want not in wants:
            return f"{r.name} was skipped, which is not expected here: {r.skip}"
    return None


def less_than_asked(why):
    return Verdict(s.FAIL, f"FAIL, less was tested than should be: {why}")


def judge_pass(machine, log, cpus, memory):
    if machine.refused:
        return Verdict(s.FAIL, "FAIL, this machine has to be refused, and was not")
    counts = (sum(r.ok and not r.skip for r in log.results), len(log.failed))
    if counts != (log.end.ok, log.end.failed):
        return Verdict(s.INCOMPLETE, "INCOMPLETE, the end line counts other results than came")
    lack = shortfall(machine, log, cpus, memory)
    if lack:
        return less_than_asked(lack)
    skips = skips_in_words(log)
    return Verdict(s.PASS, "PASS" + (f", {skips}" if skips else ""))


def judge(machine, log, ended, cpus, memory):
    """ended: the process status of the emulator. A verdict counts if the log is whole, the
    end line is its last line, and the status of the machine says the same."""
    said = machine.verdicts(ended)
    if not said:
        return Verdict(s.FAIL, f"FAIL, the machine ended with status {ended}, which is no "
                       f"verdict; last line: {log.last_line}", True)
    if log.damage:
        return Verdict(s.INCOMPLETE, f"INCOMPLETE, the log is damaged: {log.damage[0]}; "
                       f"the machine said {' or '.join(said)}", True)
    if log.trailing:
        return Verdict(s.FAIL, f"FAIL, the log goes on behind its end: {log.trailing[0]}", True)
    if log.end.verdict not in said:
        return Verdict(s.FAIL, f"FAIL, the end line says {log.end.verdict}, but the status of "
                       f"the machine is {ended}", True)
    if log.end.verdict == "REFUSED":
        return Verdict(s.CANNOT, "REFUSED, the kernel cannot run on this CPU")
    if log.end.verdict == "FAIL":
        return Verdict(s.FAIL, f"FAIL: {failures_in_words(log)}")
    return judge_pass(machine, log, cpus, memory)
