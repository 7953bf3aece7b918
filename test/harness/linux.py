# SPDX-License-Identifier: BSD-2-Clause
"""The Linux that is booted below nestbox (kvm.py): KVM_LINUX, or the newest cloud kernel of
this release of Debian's. A package is unpacked into the build folder, and never installed."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import build
import modules
import show
import status as s

KVM_LINUX = "KVM_LINUX"  # in the environment: VERSION, DIR, or bzImage[:MODULES]
VERSION = re.compile(r"\d+\.\d+[\w.+~-]*")
PACKAGE = re.compile(r"linux-image-(\d+\.\d+\.\d+\S*-amd64)")
META = "linux-image-cloud-amd64"  # depends on the newest of the release
REMEDY = f"{KVM_LINUX}=DIR names an unpacked package or a kernel's build tree"


@dataclass(frozen=True)
class Linux:
    image: Path  # bzImage
    modules: dict  # {name: path}
    builtin: frozenset = None  # names of modules that are none; None: nobody knows

    @property
    def release(self):
        """As uname -r will say: the boot protocol's kernel_version."""
        with open(self.image, "rb") as file:
            head = file.read(0x10000)
        at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
        if head[0x202:0x206] != b"HdrS" or at == 0x200:
            raise usage(f"{self.image} is no bzImage")
        return head[at:at + 128].split(b"\0")[0].split()[0].decode("latin-1")

    def has(self, name):
        """Whether it is a module or built in, as far as that is known."""
        return name in self.modules or self.builtin is None or name in self.builtin


def usage(why):
    return s.Stop(s.USAGE, f'{KVM_LINUX}="{os.environ.get(KVM_LINUX, "")}" in the environment: '
                  f"{why}", "it takes a VERSION of Debian's, DIR, or bzImage[:MODULES]")


def cannot(why):
    return s.Stop(s.CANNOT, f"no Linux to boot below nestbox: {why}", REMEDY)


# ---- Where it is ----


def in_folder(folder):
    """An unpacked package, or a build tree."""
    for pattern in ("boot/vmlinuz-*", "arch/x86/boot/bzImage"):
        if images := sorted(folder.glob(pattern)):
            break
    else:
        raise usage(f"{folder} has neither boot/vmlinuz-* nor arch/x86/boot/bzImage")
    lists = [*folder.glob("lib/modules/*/modules.builtin"), *folder.glob("modules.builtin")]
    builtin = frozenset(modules.name_of(line) for path in lists
                        for line in path.read_text().splitlines()) if lists else None
    return Linux(images[-1], modules.find(folder), builtin)


def at_path(text):
    """bzImage[:MODULES] or DIR, relative to where the user is."""
    base = Path(os.environ.get("NESTBOX_PWD", "."))
    first, _, second = text.partition(":")
    image, folder = base / first, base / second
    if image.is_dir() and not second:
        return in_folder(image)
    if not image.is_file():
        raise usage(f"there is no {image}")
    if second and not folder.is_dir():
        raise usage(f"there is no folder {folder}")
    return Linux(image, modules.find(folder) if second else {})


# ---- Debian's packages ----


def key(name):
    """Orders versions: 6.1.0-56 is before 6.12.100+deb12."""
    return [int(number) for number in re.findall(r"\d+", name)]


def choose(names, version):
    """The newest of these packages; with a version, of it. None: there is none."""
    versions = [match[1] for name in names if (match := PACKAGE.fullmatch(name))]
    if version in versions:
        return version
    fit = [v for v in versions if v.endswith("-cloud-amd64")
           and (not version or re.match(re.escape(version) + r"[.+~-]", v))]
    return max(fit, key=key, default=None)


def say_of(process):
    lines = process.stderr.strip().splitlines() or [f"status {process.returncode}"]
    return next((line for line in lines if line.startswith("E:")), lines[-1])


def tool(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, env=os.environ | {"LC_ALL": "C"}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, errors="replace")


def offered(version):
    """The names that apt knows now. Without a version, what this release itself would install:
    there may be newer ones beside it, which take Bochs much longer to boot."""
    if not shutil.which("apt-cache"):
        return []
    if not version:
        said = tool("apt-cache", "depends", META).stdout
        if own := re.findall(r"Depends: (linux-image-\S+)", said):
            return own
    return [line.split()[0] for line in
            tool("apt-cache", "--names-only", "search", r"^linux-image-.*-amd64$")
            .stdout.splitlines()]


def update():
    """apt's lists may be empty, or so old that what they name is gone."""
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    if all(map(shutil.which, ["apt-get", *sudo])):
        tool(*sudo, "apt-get", "update")


def cache():
    return build.folder() / "kvm"


def cached():
    """The names of packages that are there already."""
    return [path.name.replace("linux-", "linux-image-", 1)
            for path in cache().glob("linux-[0-9]*")]


def download(version):
    """Why it failed; None: it is in the cache now."""
    target = cache() / f"linux-{version}"
    with open(cache() / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return None
        with tempfile.TemporaryDirectory(dir=cache(), prefix="new.") as folder:
            show.say(f"downloading linux-image-{version}")
            done = tool("apt-get", "download", f"linux-image-{version}", cwd=folder)
            packages = [str(path) for path in Path(folder).glob("*.deb")]
            if done.returncode or not packages:
                return say_of(done)
            done = tool("dpkg", "-x", *packages, f"{folder}/root")
            if done.returncode:
                return say_of(done)
            Path(folder, "root").rename(target)
    return None


def package(version, may_update):
    """The unpacked package of this version, or the newest."""
    cache().mkdir(parents=True, exist_ok=True)
    why = None
    for attempt in range(2 if may_update else 1):
        if attempt:
            update()
        chosen = choose(offered(version) or cached(), version)
        why = download(chosen) if chosen else "apt-cache offers no package " \
            f"linux-image-{version or '*'}-cloud-amd64; apt-get update may help"
        if not why:
            return cache() / f"linux-{chosen}"
    if older := choose(cached(), version):  # without a network, say
        show.say(f"{why}; linux-{older} is there from before")
        return cache() / f"linux-{older}"
    raise cannot(why)


@lru_cache
def find(may_update=False):
    """As KVM_LINUX says. may_update: apt's lists, if they are of no use."""
    text = os.environ.get(KVM_LINUX, "")
    base = Path(os.environ.get("NESTBOX_PWD", "."))
    if text and ("/" in text or ":" in text or (base / text).exists()):
        return at_path(text)
    if text and not VERSION.fullmatch(text):
        raise usage("there is no such file or folder, and it is no version")
    return in_folder(package(text, may_update))


def obstacle():
    """Why none can be had here; None: perhaps."""
    if os.environ.get(KVM_LINUX) or shutil.which("apt-get") or cached():
        return None
    return f"there is no apt-get that has a kernel; {REMEDY}"
