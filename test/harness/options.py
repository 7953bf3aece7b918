# SPDX-License-Identifier: BSD-2-Clause
"""The command line of run.sh."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import machines
import status as s

WORDS = ("test", "list", "debug")
FLAGS = ("--no-install", "--verbose", "-v")
TIMEOUT_MAX = 86400  # seconds
MIGRATE_MAX = 10000
DEBUG_TIMEOUT = 3600


def usage(*lines):
    return s.Stop(s.USAGE, *lines)


@dataclass
class Options:
    what: str = "boot"
    operands: list = field(default_factory=list)
    given: list = field(default_factory=list)  # names of options with a value
    machine: machines.Machine = None
    firmware: str = "bios"
    memory: int = 128
    cpus: int = 1
    cmdline: str = ""
    timeout: int = 120
    log: Path = None
    iso: Path = None
    migrate: int = 0
    install: bool = True
    verbose: bool = False


def parse_machine(text):
    if text not in machines.MACHINES:
        raise usage(f'unknown machine "{text}"; known are: {" ".join(machines.MACHINES)}')
    return machines.MACHINES[text]


def parse_firmware(text):
    if text not in ("bios", "uefi"):
        raise usage(f'unknown firmware "{text}"; known are: bios, uefi')
    return text


def parse_number(text):
    """None: no number; the range is checked when all options are known."""
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def parse_memory(text):
    """In MiB; 2G, 512M are understood, too."""
    match = re.fullmatch(r"(\d{1,9})([MmGg]?)(?:[Ii]?[Bb])?", text)
    return int(match[1]) * (1024 if match[2] in ("G", "g") else 1) if match else None


def parse_cmdline(text):
    if re.search(r"[^ -~]", text):
        raise usage("--cmdline: only printable ASCII characters")
    return text


def parse_path(text):
    """Relative to where the user is."""
    return Path(os.environ.get("NESTBOX_PWD", ".")) / text


VALUES = {
    "--machine": parse_machine, "--firmware": parse_firmware, "--memory": parse_memory,
    "--cpus": parse_number, "--cmdline": parse_cmdline, "--timeout": parse_number,
    "--log": parse_path, "--iso": parse_path, "--migrate": parse_number,
}


def take_option(options, texts, name, value, rest):
    """An option that has a value: its own, or the next word."""
    if value is None:
        if not rest:
            raise usage(f"{name} needs a value; see ./run.sh --help")
        value = rest.pop(0)
    options.given.append(name)
    texts[name] = value
    setattr(options, name[2:], VALUES[name](value))


def parse_words(options, words):
    texts = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name in VALUES:
            take_option(options, texts, name, value if equals else None, rest)
        elif word in FLAGS:
            options.install &= word != "--no-install"
            options.verbose |= word in ("-v", "--verbose")
        elif options.what == "debug":  # all that is left is gdb's
            options.operands = [word, *rest]
            break
        elif word.startswith("-"):
            raise usage(f'unknown option "{word}"; known are: '
                        f'{", ".join([*VALUES, *FLAGS, "--help"])}')
        elif options.what == "boot":
            if word not in WORDS:
                raise usage(f'unknown word "{word}"; known are: {", ".join(WORDS)}')
            options.what = word
        else:
            options.operands.append(word)
    return texts


def check_number(name, text, number, least, most):
    if number is None or not least <= number <= most:
        raise usage(f'{name} "{text}": a number from {least} to {most}')


def check_tests(names):
    """Machines, and tests by their files; of host tests, suite.py knows the names."""
    tests = sorted(path.stem for path in Path(__file__).parents[1].glob("*.t"))
    known = [*machines.MACHINES, *(name for name in tests if name not in machines.MACHINES)]
    for name in names:
        if name not in known and not name.startswith("test_"):
            raise usage(f'unknown machine "{name}"; known are: {" ".join(known)}, and host tests')


# The options that go with a word; all go with a boot.
GO_WITH = {"test": (), "list": (), "debug": ("--machine", "--firmware", "--cmdline", "--memory",
                                            "--cpus", "--timeout")}


def check(options, texts):
    for name in options.given:
        if name not in GO_WITH.get(options.what, VALUES):
            raise usage(f"{name} does not go with {options.what}")
    if options.what == "test":
        check_tests(options.operands)
    if options.what == "list" and options.operands:
        raise usage(f'unknown word "{options.operands[0]}" behind list')
    m = options.machine or machines.MACHINES["qemu-svm"]
    if options.firmware == "uefi" and (m.is_bochs or m.kvm_module):
        raise usage("--firmware uefi: not with Bochs" if not m.kvm_module else
                    f"--firmware uefi: not with {m.name}")
    if options.what == "debug" and (m.emulator != "qemu" or m.kvm_module):
        raise usage(f"--machine {m.name}: not with debug, which takes those in QEMU")
    if "--migrate" in texts and not m.kvm_module:
        raise usage("--migrate: only with kvm-svm and kvm-vmx")
    for name, least, most in (("--cpus", 1, m.cpus_max), ("--memory", *m.memory_range),
                              ("--timeout", 1, TIMEOUT_MAX), ("--migrate", 1, MIGRATE_MAX)):
        if name in texts:
            check_number(name, texts[name], getattr(options, name[2:]), least, most)
    if options.iso and not options.iso.is_file():
        raise usage(f'--iso "{options.iso}": there is no such file')


def parse(words):
    options = Options()
    texts = parse_words(options, words)
    if options.what == "debug" and "--timeout" not in texts:
        options.timeout = DEBUG_TIMEOUT
    check(options, texts)
    return options
