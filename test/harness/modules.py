# SPDX-License-Identifier: BSD-2-Clause
"""Linux's modules: where they are, what is in them, and in which order they are loaded."""

import gzip
import lzma
import os
import re
import subprocess
from pathlib import Path

import status as s

NAME = re.compile(r"(.+)\.ko(?:\.(?:gz|xz|zst))?")


def name_of(path):
    """kvm-amd.ko.xz is kvm_amd, as Linux calls it; None: no module."""
    match = NAME.fullmatch(Path(path).name)
    return match[1].replace("-", "_") if match else None


def find(folder):
    """{name: path} of all modules in there."""
    return {name_of(file): Path(where, file) for where, _, files in os.walk(folder)
            for file in files if name_of(file)}


def contents(path):
    """Decompressed: the VMM that loads it knows nothing of that."""
    data = path.read_bytes()
    match path.suffix:
        case ".gz":
            return gzip.decompress(data)
        case ".xz":
            return lzma.decompress(data)
        case ".zst":
            return unzstd(data, path)
    return data


def unzstd(data, path):
    """Python has nothing for it before 3.14."""
    try:
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=True).stdout
    except FileNotFoundError as e:
        raise s.Stop(s.CANNOT, f"not installed: zstd, which {path} takes") from e
    except subprocess.CalledProcessError as e:
        raise s.Stop(s.CANNOT, f"{path}: {e.stderr.decode(errors='replace').strip()}") from e


def unsigned(data):
    """Without its signature, which takes an emulator seconds to look at: scripts/sign-file.c."""
    mark = b"~Module signature appended~\n"
    if not data.endswith(mark):
        return data
    info = len(data) - len(mark) - 12  # struct module_signature, with the size at its end
    return data[:info - int.from_bytes(data[info + 8:info + 12], "big")]


def needs(data):
    """The names of the modules that a module says it needs. Debian's packages have no
    modules.dep before they are installed, and this is what it is made of."""
    match = re.search(rb"\0depends=([\w,-]*)\0", data)
    return [name.replace("-", "_") for name in match[1].decode().split(",") if name] \
        if match else []


def parameters(data):
    """The names of a module's parameters, of those that tell their types."""
    return sorted({name.decode() for name in re.findall(rb"\0parmtype=(\w+):", data)})


def has_parameter(data, name):
    """A few do not tell their types, but each has its name in there."""
    return bool(re.search(rb"(?<!\w)" + re.escape(name.encode()) + rb"\0", data))


def load_order(wanted, needed):
    """These modules, each behind those that it needs. needed: {name: names} of all that there
    are; what is not among them is built in."""
    order = []

    def add(name, above=()):
        if name not in needed or name in order or name in above:
            return
        for each in needed[name]:
            add(each, (*above, name))
        order.append(name)

    for name in wanted:
        add(name)
    return order
