# SPDX-License-Identifier: BSD-2-Clause
"""./run.sh debug: a machine in QEMU, stopped before its first instruction, and gdb attached with
nestbox's symbols and commands (test/gdb/nestbox.gdb). When gdb ends, so does QEMU."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import boot
import build
import machines
import show
import status as s

START = 10  # seconds for QEMU to open its socket, times SLOW


def start_qemu(setup, socket):
    """In a process group of its own: Ctrl-C is for gdb alone."""
    command = machines.command(setup)
    command += ["-S", "-gdb", f"unix:{socket},server=on,wait=off"]
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command],
                            stdin=subprocess.DEVNULL, process_group=0)


def wait_for(socket, qemu):
    end = time.monotonic() + START * boot.slowness()
    while not socket.exists():
        if qemu.poll() is not None or time.monotonic() > end:
            raise s.Stop(s.CANNOT, "QEMU did not start")
        time.sleep(0.05)


def session(options, folder):
    machine = options.machine or machines.MACHINES["qemu-svm"]
    request = boot.Request(machine, memory=options.memory, cpus=options.cpus,
                           cmdline=options.cmdline)
    fault = os.environ.get("FAULT")
    build.make("words", "iso", fault=fault)
    build.check_words(request.words)
    setup = machines.Setup(machine, folder / "nestbox.iso", folder, options.cpus, options.memory,
                           options.firmware)
    build.patch(build.iso(fault), setup.iso, request.words, machine.grub)
    socket = folder / "gdb"
    qemu = start_qemu(setup, socket)
    try:
        wait_for(socket, qemu)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return gdb(options, setup, socket, fault)
    finally:
        qemu.kill()
        qemu.wait()


def gdb(options, setup, socket, fault):
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "gdb", "-q", "-x", "test/gdb/nestbox.gdb",
         "-ex", f"nestbox-connect {socket}", *options.operands,
         str(build.fault_folder(fault) / "nestbox.elf")],
        cwd=build.TOP, env=os.environ | {"NESTBOX_SERIAL": str(setup.serial)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        return process.wait(options.timeout * boot.slowness())
    except subprocess.TimeoutExpired:
        show.say(f"the session is ended after {options.timeout} s: --timeout")
        return s.TIMED_OUT
    finally:
        process.kill()
        process.wait()


def run(options):
    folder = Path(tempfile.mkdtemp(prefix="nestbox."))
    try:
        return session(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
