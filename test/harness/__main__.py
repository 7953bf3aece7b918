# SPDX-License-Identifier: BSD-2-Clause
"""What run.sh does when it has found Python: needs, boot, test, list, debug.
And for the Makefile: prove, faults. For tests: one, thefts, load."""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"run.sh: this needs Python 3.11 or newer, not {sys.version.split()[0]}")

import os
import signal
from pathlib import Path

import boot
import build
import debug
import faults
import kvm
import linux
import machines
import needs
import options as opts
import show
import status as s
import stress
import suite


class Interrupted(BaseException):
    """By a signal: all that was begun is ended on its way out."""


def on_signal(number, _frame):
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Interrupted(number)


# ---- What is needed ----


def needed(options):
    """The packages that it takes to do what is asked for."""
    if options.what == "debug":
        return needs.BUILD + ["gdb"] + machines.MACHINES["qemu-svm"].needs(options.firmware)
    if options.what == "list":
        return []
    if options.what == "boot":
        return needs.BUILD + options.machine.needs(options.firmware)
    named = [machines.MACHINES[n] for n in options.operands if n in machines.MACHINES]
    firmwares = "uefi" if not named else "bios"
    return needs.BUILD + needs.TEST + [
        package for m in (named or machines.MACHINES.values()) for package in m.needs(firmwares)]


def named_machines(options):
    named = [options.machine] if options.machine else []
    return named + [machines.MACHINES[n] for n in options.operands if n in machines.MACHINES]


def check_possible(options):
    """A machine that this computer cannot have."""
    if options.what == "boot" and not options.machine:
        options.machine = machines.default()
    for machine in named_machines(options):
        if why := machines.obstacle(machine):
            raise s.Stop(s.CANNOT, f"{machine.name} cannot run here: {why}")


def have_linux(options):
    """Where a machine takes one: it is found, or downloaded, and looks as if it could do it."""
    named = named_machines(options)
    if options.what == "test" and not options.operands:
        named = [m for m in machines.MACHINES.values() if not machines.obstacle(m)]
    for machine in named:
        if machine.kvm_module:
            linux.find(options.install)
            kvm.check(machine)


def not_installed(missing):
    return s.Stop(s.CANNOT, f"not installed: {' '.join(missing)}",
                  f"as root: apt-get install --no-install-recommends {' '.join(missing)}",
                  f"on other systems: {needs.in_words(missing)}")


# ---- What can be asked for ----


def do_boot(options):
    request = boot.Request(options.machine, options.firmware, options.memory, options.cpus,
                           options.cmdline, options.timeout, options.iso,
                           os.environ.get("FAULT"), options.migrate, options.verbose)
    build.make("words", *([] if options.iso else ["iso"]), fault=request.fault)
    build.check_words(request.words)
    console = show.Console(options.verbose)
    keep = open_log(options)

    def on_line(line):
        console.line(line)
        if keep:
            print(line, file=keep, flush=True)

    if options.machine.kvm_module:
        show.say(f"{options.machine.name}: {kvm.in_words(options.machine)}")
    on_below = show.say_below if options.verbose else lambda line: None
    run = boot.Boot(request, on_line, on_below=on_below)
    try:
        outcome = run.run()
    finally:
        close_log(keep, options.log)
    for line in run.trouble:
        show.say_raw(line)
    show.say(f"{options.machine.name}: {outcome.verdict.text}")
    return outcome.verdict.status


def open_log(options):
    """--log, or where the test that boots this machine keeps logs."""
    path = options.log
    if not path and (folder := os.environ.get(suite.ONE)):
        number = len(list(Path(folder).iterdir())) + 1
        path = Path(folder) / f"{number:02}-{options.machine.name}"
    if not path:
        return None
    try:
        return open(path, "w", encoding="latin-1")
    except OSError as e:
        raise s.Stop(s.USAGE, f'--log "{path}" cannot be written: {e.strerror}') from e


def close_log(keep, path):
    try:
        if keep:
            keep.close()
    except OSError as e:
        raise build.stop_for(e, path) from e


def note_for(machine):
    """Why it cannot run now; None: it can."""
    if why := machines.obstacle(machine):
        return f"cannot run here: {why}"
    missing = needs.missing(needs.BUILD + machine.needs())
    return f"not installed: {' '.join(missing)}" if missing else None


def do_list(_options):
    console = show.Console(verbose=True)
    console.put("machines:")
    for m in machines.MACHINES.values():
        console.put(f"  {m.name:13} {m.about}")
        if note := note_for(m):
            console.put(f"  {'':13} {note}")
    console.put("guests, in the order in which they run:")
    if missing := needs.missing(needs.BUILD):
        console.put(f"  not built, not installed: {' '.join(missing)}")
        return s.PASS
    build.make("words")
    for name, title in build.guests():
        console.put(f"  {name:13} {title}")
    return s.PASS


def do_needs(words):
    """For run.sh: what is missing, by package, in one line."""
    options = opts.parse(words)
    check_possible(options)
    print(" ".join(needs.missing(needed(options))))
    return s.PASS


def do_run(words):
    options = opts.parse(words)
    check_possible(options)
    if missing := needs.missing(needed(options)):
        raise not_installed(missing)
    have_linux(options)
    do = {"boot": do_boot, "test": suite.run, "list": do_list, "debug": debug.run}
    return do[options.what](options)


VERBS = {"needs": do_needs, "run": do_run, "prove": suite.run_files, "one": suite.run_one,
         "faults": faults.run, "thefts": stress.thefts, "load": stress.load}


def main(verb, *words):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    try:
        return VERBS[verb](list(words))
    except (s.Stop, OSError) as e:
        stop = build.stop_for(e, e.filename) if isinstance(e, OSError) else e
        show.say(*stop.lines)
        return stop.status
    except Interrupted as e:
        if verb == "run":  # the others were told by it to end
            show.say("interrupted")
        return 128 + e.args[0]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
