# SPDX-License-Identifier: BSD-2-Clause
"""Machines with Linux's KVM between the emulator and nestbox: Linux (linux.py) is booted with
a small VMM (test/kvm) as its /init, which loads KVM, runs nestbox, and ends the machine."""

import gzip
import os
import re
import shutil
import subprocess
from dataclasses import replace
from functools import lru_cache

import build
import cpio
import linux
import machines
import modules
import status as s

KVM_PARAMS = "KVM_PARAMS"  # in the environment: MODULE.NAME=VALUE, apart by blanks
MODULES = ("irqbypass", "kvm", "kvm_amd", "kvm_intel")
PARAM = re.compile(r"([a-z0-9_-]+)\.(\w+)(=[\w.+~-]*)?", re.ASCII)
BELOW_MAX = 127  # characters of below=
OWN_MIB = 384  # for Linux and the VMM, beside nestbox's memory
BOCHS_IPS = 100000000  # and so many ticks of the TSC in a second

# no_timer_check, tsc=reliable: what Linux measures in an emulator means nothing.
# The second line is time that buys nothing here: in Bochs, the tests of cryptography alone
# take nine seconds.
LINUX_WORDS = ("console=ttyS0,115200 quiet panic=-1 tsc=reliable no_timer_check "
               "mitigations=off init_on_alloc=0 nowatchdog cryptomgr.notests")
# In Bochs, Linux's timers are right only if it is told the TSC's rate; and a triple fault, of
# all kinds of reboot, ends it.
BOCHS_WORDS = f"tsc_early_khz={BOCHS_IPS // 1000} reboot=triple"
GRUB_MODULES = "linux normal iso9660 part_msdos"


# ---- KVM's parameters ----


def usage(why):
    return s.Stop(s.USAGE, f'{KVM_PARAMS}="{os.environ.get(KVM_PARAMS, "")}" in the '
                  f"environment: {why}")


def parse_params(text):
    """[(module, "NAME=VALUE")]."""
    params = []
    for word in text.split():
        match = PARAM.fullmatch(word)
        if not match:
            raise usage(f'"{word}" is not MODULE.NAME=VALUE')
        module = match[1].replace("-", "_")
        if module not in MODULES:
            raise usage(f'unknown module "{match[1]}"; known are: {" ".join(MODULES)}')
        params.append((module, match[2] + (match[3] or "")))
    return params


def params_for(machine):
    """Those that concern this machine: there are two vendors, and one environment. The machine's
    own come first; a module goes by the last one of a name."""
    given = parse_params(machine.kvm_params) + parse_params(os.environ.get(KVM_PARAMS, ""))
    return [(module, text) for module, text in given
            if module == machine.kvm_module or module not in ("kvm_amd", "kvm_intel")]


class Modules:
    """What has to be loaded, with its parameters; params: those of what is built in."""

    def __init__(self, machine):
        there = linux.find()
        if not there.has(machine.kvm_module):
            raise linux.cannot(f"{there.image} has no {machine.kvm_module}, neither built in "
                               "nor as a module")
        self.data = {}
        needed = {}
        self._look_at(machine.kvm_module, there, needed)
        self.order = modules.load_order([machine.kvm_module], needed)
        given = params_for(machine)
        for module, text in given:
            self._check(module, text)
        self.lines = [" ".join([f"{name}.ko", *(text for module, text in given
                                                if module == name)]) for name in self.order]
        self.params = [f"{module}.{text}" for module, text in given if module not in self.order]

    def _look_at(self, name, there, needed):
        if name in needed or name not in there.modules:
            return
        self.data[name] = modules.unsigned(modules.contents(there.modules[name]))
        needed[name] = modules.needs(self.data[name])
        for each in needed[name]:
            self._look_at(each, there, needed)

    def _check(self, module, text):
        """Linux would say nothing, and go on without."""
        name = text.partition("=")[0]
        data = self.data.get(module)
        if data and not modules.has_parameter(data, name):
            raise usage(f'{module} has no parameter "{name}"; it has: '
                        f'{" ".join(modules.parameters(data))}')


# ---- What nestbox is told ----


@lru_cache
def below(machine):
    """Linux's release, and KVM's parameters, in one word."""
    given = [f"{module}.{text}" for module, text in params_for(machine)]
    word = ",".join([f"linux-{linux.find().release}", *given])
    if not re.fullmatch(r"[A-Za-z0-9._+~=,-]+", word) or len(word) > BELOW_MAX:
        raise usage(f'with the kernel\'s release it is "{word}", and for the log\'s head it has '
                    f"to be of up to {BELOW_MAX} letters, digits and . _ + ~ = , -")
    return word


def words(machine):
    """For nestbox's kernel, which cannot find them out."""
    fep = any(module == "kvm" and re.fullmatch("force_emulation_prefix=[1-9Yy]", text)
              for module, text in params_for(machine))
    return [f"below={below(machine)}", *(["fep"] if fep else [])]


def in_words(machine):
    release, *params = below(machine).split(",")
    return f"Linux {release.removeprefix('linux-')}, KVM parameters: {' '.join(params) or 'none'}"


def check(machine):
    """Stops with what is wrong, before anything is built."""
    Modules(machine)
    below(machine)


def migrations_missing(lines, wanted):
    """Why fewer were made than asked for, or outside of the guests: the VMM counts them in the
    end. None: they were made."""
    match = next((m for line in reversed(lines)
                  if (m := re.match(r"vmm: migrated (\d+) times, (\d+) inside ", line))), None)
    made, inside = (int(match[1]), int(match[2])) if match else (0, 0)
    if made < wanted:
        return f"it was to be migrated {wanted} times, and was {made} times: more guests give time"
    if inside * 2 < wanted:
        return f"of {made} migrations, {inside} were inside of the innermost guest"
    return None


# ---- The initramfs ----


def nestbox_of(setup):
    """The kernel in the ISO. The words of its GRUB menu are lost: the VMM is the loader."""
    path = setup.dir / "nestbox"
    done = subprocess.run(["xorriso", "-osirrox", "on", "-indev", setup.iso, "-extract",
                           "/boot/nestbox", path], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode or not path.exists():
        raise s.Stop(s.CANNOT, f"no kernel of nestbox's in the ISO: {done.stdout.strip()[-200:]}")
    return path.read_bytes()


def vmm_options(setup):
    options = ["-c", str(setup.cpus), "-m", str(setup.memory), "-q"]
    if setup.machine.is_bochs:
        options.append("-b")
    if setup.verbose:
        options.append("-v")
    if setup.migrate:
        seed = re.findall(r"(?<!\S)seed=(\d+)", setup.words)
        options += ["-M", str(setup.migrate), "-S", (seed or ["1"])[-1]]
    return " ".join(options)


def initramfs(setup, loaded):
    files = {
        "init": (True, (build.folder() / "kvm/init").read_bytes()),
        "nestbox": (False, nestbox_of(setup)),
        "words": (False, f"{setup.words}\n".encode("ascii")),
        "options": (False, f"{vmm_options(setup)}\n".encode("ascii")),
        "m/order": (False, "".join(f"{line}\n" for line in loaded.lines).encode("ascii")),
    }
    files |= {f"m/{name}.ko": (False, loaded.data[name]) for name in loaded.order}
    return gzip.compress(cpio.archive(files), 1, mtime=0)


# ---- How one is started ----


def linux_iso(setup, words):
    """Bochs has to boot by a loader."""
    tree, iso = setup.dir / "tree", setup.dir / "linux.iso"
    grub = tree / "boot/grub"
    grub.mkdir(parents=True)
    shutil.copy(linux.find().image, tree / "boot/vmlinuz")
    (setup.dir / "initrd").rename(tree / "boot/initrd")
    (grub / "grub.cfg").write_text(f"linux /boot/vmlinuz {words}\ninitrd /boot/initrd\nboot\n")
    done = subprocess.run(["grub-mkrescue", f"--install-modules={GRUB_MODULES}", "--fonts=",
                           "--locales=", "--themes=", "-o", iso, tree],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, errors="replace", check=False)
    if done.returncode:
        raise s.Stop(s.CANNOT, *done.stdout.splitlines()[-10:], "grub-mkrescue failed")
    return iso


def qemu_command(setup, words):
    """With one CPU a tick is an instruction, so that a busy host is not seen. Several have to
    run in threads: by icount, Linux does not come up on them."""
    timing = ["-icount", "shift=0,sleep=off"] if setup.cpus == 1 \
        else ["-accel", "tcg,thread=multi"]
    return ["qemu-system-x86_64", "-machine", "q35", "-cpu", setup.machine.cpu,
            "-m", str(setup.memory + OWN_MIB), "-smp", str(setup.cpus), "-nodefaults",
            "-display", "none", "-no-reboot", "-serial", f"file:{setup.console}",
            "-serial", f"file:{setup.serial}", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-kernel", str(linux.find().image), "-initrd", str(setup.dir / "initrd"),
            "-append", words, *timing]


def bochs_command(setup, words):
    """Always with one CPU, on which nestbox's take turns: with two, Linux can hang in its boot."""
    iso = linux_iso(setup, f"{words} {BOCHS_WORDS}")
    config = machines.bochs_config(replace(setup, cpus=1), iso, (setup.console, setup.serial),
                                   memory=setup.memory + OWN_MIB, ips=BOCHS_IPS)
    return machines.bochs_command(setup, config)


def command(setup):
    """What starts it. Linux and the VMM talk on setup.console."""
    loaded = Modules(setup.machine)
    build.make("kvm-vmm")
    try:
        (setup.dir / "initrd").write_bytes(initramfs(setup, loaded))
    except OSError as e:
        raise build.stop_for(e, e.filename) from e
    words = " ".join([LINUX_WORDS, *loaded.params])
    return (bochs_command if setup.machine.is_bochs else qemu_command)(setup, words)
