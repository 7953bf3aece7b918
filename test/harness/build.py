# SPDX-License-Identifier: BSD-2-Clause
"""Building by make, the ISO with the words that its kernel is started with, and those words."""

import errno
import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import show
import status as s

TOP = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("BUILD", "build")
SHOWN = 40  # lines of errors
QUIET = 30  # seconds without a word
GRACE = 10  # seconds to end when told to

# The blocks that take words for the kernel (kernel/host/words.h) and commands for GRUB
# (boot/mkiso.sh): what is in front of them in the ISO, and their sizes.
MAGIC = b"\0nestbox words 1:"
BLOCK = 1024
GRUB_MAGIC = b"#nestbox commands:\n"
GRUB_SOURCE = b"#source /boot/grub/commands.cfg"  # in grub.cfg: without the # it does
GRUB_BLOCK = 16384


def folder():
    """The build folder, made if need be. For make it is BUILD, or the names that it has
    written into its dependencies would not match."""
    path = (TOP / BUILD).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        (path / "lock").touch()
    except OSError as e:
        raise stop_for(e, path) from e
    return path


def stop_for(error, path):
    """For an OSError: no space, nothing may be written, and so on."""
    remedy = {
        errno.ENOSPC: "make room there, or say BUILD=FOLDER and TMPDIR=FOLDER for others",
        errno.EROFS: "BUILD=FOLDER ./run.sh builds in another folder",
        errno.EACCES: "BUILD=FOLDER ./run.sh builds in another folder",
    }.get(error.errno)
    return s.Stop(s.CANNOT, f"{path}: {error.strerror}" + (f"; {remedy}" if remedy else ""))


@contextmanager
def locked():
    """One make at a time in a build folder, however many runs there are."""
    with open(folder() / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(*targets, fault=None):
    """Only what is wrong is shown."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    env.update(LC_ALL="C")
    command = ["make", "--no-print-directory", f"-j{os.cpu_count()}", f"BUILD={BUILD}"]
    if fault:
        command.append(f"FAULT={fault}")
    with locked():
        process = subprocess.Popen([*command, *targets], cwd=TOP, env=env, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, errors="replace")
        said, errors = wait_for(process)
    if process.returncode == 0:
        return said
    errors = errors.rstrip().splitlines()
    if any(os.strerror(errno.ENOSPC) in line for line in errors):
        raise s.Stop(s.CANNOT, f"{folder()}: no space is left; make room there, "
                     "or BUILD=FOLDER for another one")
    more = [f"... and {len(errors) - SHOWN} lines more"] if len(errors) > SHOWN else []
    raise s.Stop(s.NOT_BUILT, *errors[:SHOWN], *more, "the build failed")


def wait_for(process):
    """(stdout, stderr). Says now and then that it goes on."""
    try:
        while True:
            try:
                return process.communicate(timeout=QUIET)
            except subprocess.TimeoutExpired:
                show.say("still building")
    finally:
        end(process)


def end(process):
    """It and the compilers below it take their temporary files with them, if they may."""
    process.terminate()
    try:
        process.communicate(timeout=GRACE)
    except (subprocess.TimeoutExpired, ValueError):
        process.kill()


def fault_folder(fault):
    return Path(f"{folder()}-fault") / fault if fault else folder()


def iso(fault=None):
    """The ISO that make iso builds."""
    return fault_folder(fault) / "nestbox.iso"


def place_of(image, mark, source):
    at = image.find(mark)
    if at < 0 or image.find(mark, at + 1) >= 0:
        raise s.Stop(s.CANNOT, f"{source}: it has no place for words, or several: no ISO of "
                     "nestbox's?")
    return at


def fill(image, magic, size, data, blank, source):
    at = place_of(image, magic, source) + len(magic)
    if len(data) > size:
        raise s.Stop(s.USAGE, f"{len(data)} characters, and more than {size} do not fit")
    image[at:at + size] = data.ljust(size, blank)


def patch(source, target, words, grub=()):
    """A copy of an ISO, whose kernel is started with these words, too, after these commands
    of GRUB's."""
    image = bytearray(Path(source).read_bytes())
    fill(image, MAGIC, BLOCK, words.encode("ascii"), b" ", source)
    if grub:
        lines = "".join(line + "\n" for line in grub)
        fill(image, GRUB_MAGIC, GRUB_BLOCK, lines.encode("ascii"), b"\n", source)
        at = place_of(image, GRUB_SOURCE, source)
        image[at:at + 1] = b" "
    try:
        Path(target).write_bytes(image)
    except OSError as e:
        raise stop_for(e, target) from e


# ---- Words ----


def words_tool(*arguments):
    """What make words builds."""
    return subprocess.run([folder() / "words", *arguments], stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, check=False)


def check_words(words):
    """By the kernel's own parser, before anything is booted."""
    if len(words) > BLOCK:
        raise s.Stop(s.USAGE, f"--cmdline: with what run.sh adds it has {len(words)} "
                     f"characters, and more than {BLOCK} do not fit")
    said = words_tool("check", words)
    if said.returncode:
        raise s.Stop(s.USAGE, said.stdout.strip())


def guests():
    """(name, title) of each guest, in the order in which they run."""
    return [tuple(line.split("\t", 1)) for line in words_tool("list").stdout.splitlines()]


def free_of(path):
    """Bytes that can still be written there."""
    return shutil.disk_usage(path).free
