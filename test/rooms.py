#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whether arrows point down: what a room includes, and the symbols that its objects need, come
from itself and from the rooms that it may use. Reads the sources and the built objects. TAP."""

import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else "build")

LIB, HOST, VM, CHECK, SUITE = (f"kernel/{r}" for r in ("lib", "host", "vm", "check", "suite"))
SHOWN = 20
BELOW_VM = {LIB, HOST, "gpt"}
BELOW_SUITE = BELOW_VM | {VM, CHECK, "guest"}
ROOMS = {  # room: the rooms that it may use
    LIB: set(),
    "gpt": {LIB},  # by -DVMM_GPT_*_H; anywhere else it needs nothing
    HOST: {LIB},
    VM: BELOW_VM,
    "vmx": BELOW_VM | {VM},
    "svm": BELOW_VM | {VM},
    CHECK: BELOW_VM | {VM},
    "guest": BELOW_VM | {VM},
    SUITE: BELOW_SUITE,
    "kernel": BELOW_SUITE | {SUITE, "vmx", "svm"},  # main.c
}
# boot/ is the host's, in assembly; it ends by calling main.c.
ASSEMBLY = {"boot": HOST}
UPWARD_SYMBOLS = {(HOST, "kernel_main")}


def room_of(path):
    """The innermost room that a path below TOP (or BUILD) lies in; None: in none."""
    parts = Path(path).parts[:-1]
    for n in range(len(parts), 0, -1):
        name = "/".join(parts[:n])
        if name in ROOMS or name in ASSEMBLY:
            return ASSEMBLY.get(name, name)
    return None


def sources():
    for room in [*ROOMS, *ASSEMBLY]:
        for pattern in ("*.[ch]", "*/*.[ch]") if room in ("guest",) else ("*.[ch]",):
            yield from sorted(TOP.joinpath(room).glob(pattern))


def wrong_includes():
    for path in sources():
        name = path.relative_to(TOP)
        for include in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
            target = include if "/" in include else f"{name.parent}/{include}"
            if not allowed(room_of(name), room_of(target)):
                yield f"{name} includes {include}"
    for include in re.findall(r"-DVMM_GPT_\w+_H='\"([^\"]+)\"'", (TOP / "Makefile").read_text()):
        if not allowed("gpt", room_of(include)):
            yield f"gpt/ is built with {include}"


def allowed(room, target):
    return target is None or target == room or target in ROOMS[room]


def symbols(path):
    """({defined}, {undefined}) of an object; weak and local ones left out."""
    said = subprocess.run(["nm", "-g", path], capture_output=True, text=True, check=True).stdout
    words = [line.split() for line in said.splitlines()]
    return ({w[-1] for w in words if w[-2] not in ("U", "w")},
            {w[-1] for w in words if w[-2] == "U"})


def objects():
    """Those of sources that are there; an old build may have more."""
    for room in [*ROOMS, *ASSEMBLY]:
        for pattern in ("*.o", "*/*.o") if room == "guest" else ("*.o",):
            for path in sorted((BUILD / room).glob(pattern)):
                source = TOP / path.relative_to(BUILD).with_suffix("")
                if source.suffix == ".asm" or source.with_suffix(".c").exists():
                    yield path


def wrong_symbols():
    found = {path: symbols(path) for path in objects()}
    if not found:
        yield f"{BUILD}: no objects: make first"
    rooms = {path: room_of(path.relative_to(BUILD)) for path in found}
    home = {name: rooms[path] for path, (defined, _) in found.items() for name in defined}
    for path, (_, needed) in found.items():
        for name in sorted(needed):
            room, target = rooms[path], home.get(name)
            if not allowed(room, target) and (room, name) not in UPWARD_SYMBOLS:
                yield f"{path.relative_to(BUILD)} needs {name} of {target}"


def main():
    failed = 0
    for n, (title, check) in enumerate((("includes point down", wrong_includes),
                                        ("symbols are answered by rooms below", wrong_symbols)), 1):
        wrong = list(check())
        failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {n} - {title}")
        for line in wrong[:SHOWN]:
            print(f"# {line}")
        if len(wrong) > SHOWN:
            print(f"# and {len(wrong) - SHOWN} more")
    print("1..2")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
