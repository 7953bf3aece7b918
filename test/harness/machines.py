# SPDX-License-Identifier: BSD-2-Clause
"""The machines that nestbox is started on: the table, and how each is started."""

import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import linux

ALL_LEAVES = ("4k", "2m", "1g")
MIB_PER_GIB = 1024


def kvm_module():
    """KVM's module for this computer's own CPU; None: it has none."""
    flags = Path("/proc/cpuinfo").read_text(encoding="latin-1").split()
    return "kvm_intel" if "vmx" in flags else "kvm_amd" if "svm" in flags else None


@dataclass(frozen=True)
class Machine:
    name: str
    emulator: str  # qemu, bochs, kvm
    cpu: str
    about: str
    known: tuple = ()  # tests that this machine is known to fail (known=)
    lacks: frozenset = frozenset()  # wants (docs/log.md) for which tests are skipped here
    leaves: tuple = ALL_LEAVES  # that its CPU has; None: nobody knows
    refused: bool = False  # nestbox has to refuse it
    facts: tuple = ()  # words for what the kernel cannot find out there
    kvm_module: str = None  # Linux runs in the emulator, with this, and nestbox in it: kvm.py
    kvm_params: str = ""  # that this KVM has to be loaded with, before those of the user
    args: tuple = ()  # more for the emulator (QEMU)
    grub: tuple = ()  # commands for GRUB, before it loads the kernel
    test: str = None  # the test that boots it; None: the one of its name

    @property
    def is_bochs(self):
        return self.emulator == "bochs"

    @property
    def memory_range(self):
        """MiB, least and most that can be asked for. 6144 in Bochs takes 45 s."""
        if self.kvm_module:  # that of the VMM is in one piece, below 4 GiB
            return (32, 2048)
        return (32, 8192) if self.is_bochs else (8, 262144)

    @property
    def cpus_max(self):
        """Bochs runs its CPUs in one thread, one after the other."""
        return 8 if self.is_bochs else 16 if self.kvm_module else 64

    def needs(self, firmware="bios"):
        """The packages that it takes to run it: needs.py."""
        if self.is_bochs:
            return ["bochs", "bochs-term", "bochsbios", "vgabios"]
        return ["qemu-system-x86"] + (["ovmf"] if firmware == "uefi" else [])

    def verdicts(self, status):
        """What the process status of the emulator says. Empty: the machine has crashed."""
        if self.is_bochs:
            return {0: ("PASS",), 1: ("FAIL", "REFUSED")}.get(status, ())
        return {33: ("PASS",), 35: ("FAIL",), 37: ("REFUSED",)}.get(status, ())

    def words(self):
        """What it is told in any case."""
        ends_bochs = self.is_bochs and not self.kvm_module  # the VMM does
        words = ["exit=" + ("bochs" if ends_bochs else "qemu"), "machine=" + self.name]
        if self.known:
            words.append("known=" + ",".join(self.known))
        return words + list(self.facts) + ["check=tlb"]

    def may_lack(self, cpus, memory):
        """The wants for which tests may be skipped, on a machine of this size. None: any."""
        if self.emulator == "kvm":
            return None
        wants = {"time", "fep"} | self.lacks
        if cpus < 2:
            wants.add("cpus")
        if memory < MIB_PER_GIB * 3 // 2:  # kicks1g: 1 GiB, its tables, and the kernel
            wants.add("memory")
        if memory <= 4 * MIB_PER_GIB:
            wants.add("high-memory")
        return wants


def cut(start, end):
    """GRUB's command that takes memory out of the map that it hands over. Its numbers have 32
    bits, before the K."""
    return f"cutmem {start // KIB}K {end // KIB}K"


def sparse(gib):
    """So much memory, of which the computer gives what is touched."""
    return ("-m", f"{gib}G", "-machine", "memory-backend=sparse", "-object",
            f"memory-backend-ram,id=sparse,size={gib}G,reserve=off")


KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
# Some 310 entries in place of the one from 1 MiB on: 12 KiB are cut out in every 24 KiB, so that
# each entry begins and ends within a leaf of 2 MiB.
HOLES = tuple(cut(at, at + 0x3000) for at in range(32 * MIB, 32 * MIB + 310 * 0x6000, 0x6000))

# Facts. No emulator stops at a page of two sizes, whatever CPU it plays: large-exec. In Bochs
# an interrupt of the host's does not end a stay that was entered with interrupts off:
# kick=nmi. Under its SVM such a stay cannot be ended at all: spin; nor where the CPU that is
# played has an erratum of the preemption timer, which is believed (docs/hardware.md): spin on
# bochs-vmx-old; nor under KVM, whose kicks are interrupts: deaf, too. On AMD, QEMU lets KVM
# patch a guest's hypercalls: foreign. Bochs 3.0 refuses the VM entries of a KVM that
# virtualizes the APIC (error 7): enable_apicv=0. kvm-svm has no CMPXCHG16B, as that of QEMU
# 7.2 spoils RFLAGS, and Linux 6.12 uses it.
MACHINES = {
    m.name: m
    for m in (
        Machine("qemu-svm", "qemu", "max", "QEMU (TCG): SVM with nested paging"),
        Machine("qemu-icount", "qemu", "max", "the same, and its TSC counts instructions"),
        Machine("bochs-vmx", "bochs", "corei7_skylake_x", "Bochs: VMX with EPT, all of it",
                facts=("large-exec", "kick=nmi")),
        Machine("bochs-svm", "bochs", "ryzen", "Bochs: SVM, a second implementation of it",
                known=("spin", "triple"), facts=("kick=nmi",)),
        Machine("bochs-vmx-old", "bochs", "corei5_lynnfield_750",
                "Bochs: VMX with EPT, as it was in 2009", known=("spin",),
                lacks=frozenset(("unrestricted-guest",)), leaves=("4k", "2m"),
                facts=("large-exec", "kick=nmi")),
        Machine("qemu-nopit", "qemu", "max", "qemu-svm without a PIT and port 61h",
                args=("-machine", "pit=off"), test="realcpu"),
        Machine("qemu-cutlow", "qemu", "max", "qemu-svm with two pages only, of all below 1 MiB",
                grub=("cutmem 8K 1M",), test="realcpu"),  # with fewer, GRUB itself hangs
        Machine("qemu-32bit", "qemu", "qemu32", "to be refused: no 64-bit long mode",
                refused=True),
        Machine("qemu-novirt", "qemu", "max,-svm", "to be refused: no SVM", refused=True),
        Machine("qemu-nonpt", "qemu", "max,-npt", "to be refused: SVM without nested paging",
                refused=True),
        Machine("qemu-holes", "qemu", "max", "a memory map of more than 300 entries",
                grub=HOLES, test="firmware"),
        Machine("qemu-nolow", "qemu", "max", "below 1 MiB only page 0 is available",
                grub=(cut(32 * MIB, 33 * MIB), cut(6 * KIB, MIB)), test="firmware"),
        Machine("qemu-noacpi", "qemu", "max", "QEMU without ACPI", test="firmware",
                args=("-machine", "acpi=off")),
        Machine("qemu-large", "qemu", "max", "64 GiB of memory", args=sparse(64), test="firmware"),
        Machine("qemu-far", "qemu", "max", "2 GiB of memory, and 1 GiB above a hole of 124 GiB",
                args=sparse(128), grub=(cut(4 * GIB, 129 * GIB),), test="firmware"),
        Machine("bochs-novirt", "bochs", "p4_prescott_celeron_336",
                "to be refused: neither VMX nor SVM", refused=True),
        Machine("bochs-noept", "bochs", "core2_penryn_t9600", "to be refused: VMX without EPT",
                refused=True),
        Machine("kvm", "kvm", "host", "QEMU with KVM: this computer's own CPU", leaves=None,
                known=("foreign",) if kvm_module() == "kvm_amd" else ()),
        Machine("kvm-svm", "qemu", "max,-cx16", "Linux's KVM with nested SVM, in QEMU (TCG)",
                kvm_module="kvm_amd"),
        Machine("kvm-vmx", "bochs", "corei7_skylake_x", "Linux's KVM with nested VMX, in Bochs",
                known=("spin", "deaf"), facts=("large-exec",), kvm_module="kvm_intel",
                kvm_params="kvm_intel.enable_apicv=0"),
    )
}


def kvm_obstacle():
    """Why this computer cannot run the machine kvm; None if it can. Never tried where it can."""
    try:
        with open("/dev/kvm", "r+b", buffering=0):
            pass
    except FileNotFoundError:
        return "there is no /dev/kvm"
    except OSError as e:
        return f"/dev/kvm cannot be opened: {e.strerror}"
    module = kvm_module()
    if not module:
        return "this CPU shows neither vmx nor svm in /proc/cpuinfo"
    nested = Path(f"/sys/module/{module}/parameters/nested")
    if not nested.exists() or nested.read_text().strip() not in ("1", "Y"):
        return f"{nested} is not 1 or Y"
    return None


def obstacle(machine):
    if machine.kvm_module:
        return linux.obstacle()
    return kvm_obstacle() if machine.emulator == "kvm" else None


def default():
    return MACHINES["qemu-svm" if kvm_obstacle() else "kvm"]


# ---- How one is started ----

OVMF = ("/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_CODE.fd")


def first(paths):
    """The first of these that is there; else the first."""
    return next((p for p in paths if os.path.exists(p)), paths[0])


@dataclass(frozen=True)
class Setup:
    """One boot of a machine: what it is given, and the folder for its files."""

    machine: Machine
    iso: Path
    dir: Path
    cpus: int = 1
    memory: int = 128  # MiB
    firmware: str = "bios"
    words: str = ""  # for the kernel; the ISO has them, too
    migrate: int = 0  # how often, where the VMM is ours: kvm.py
    verbose: bool = False

    @property
    def serial(self):
        return self.dir / "serial"

    @property
    def console(self):
        """What Linux says, where there is one."""
        return self.dir / "console"


def qemu_command(setup):
    m = setup.machine
    command = ["qemu-system-x86_64", "-machine", "q35", "-cpu", m.cpu,
               "-m", str(setup.memory), "-smp", str(setup.cpus), "-display", "none",
               "-monitor", "none", "-net", "none", "-no-reboot",
               "-serial", f"file:{setup.serial}", "-cdrom", str(setup.iso),
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *m.args]
    if setup.firmware == "uefi":
        command += ["-bios", first(OVMF)]
    if m.emulator == "kvm":
        return command + ["-accel", "kvm"]
    if m.name == "qemu-icount":  # in one thread
        return command + ["-icount", "shift=0,sleep=off"]
    return command + ["-accel", "tcg,thread=multi"]


@lru_cache
def bochs_flags():
    """Bochs 2.7 always starts with its debugger, which ends a pass; 3.0 only if told to."""
    usage = subprocess.run(["bochs-bin", "--help"], stdin=subprocess.DEVNULL,
                           capture_output=True, check=False, env=os.environ | {"TERM": "dumb"})
    return ["-debugger"] if b"-debugger" in usage.stdout + usage.stderr else []


def bochs_config(setup, iso, ports, memory, ips=4000000):
    """Sound is off: its thread can crash at the end. reset_on_triple_fault=0: else a triple
    fault ends with 0, like a pass. host: how much of the guest's memory can be in use."""
    host = memory if memory < 256 else 256 if memory < 2048 else 2048
    serial = "\n".join(f'com{n}: enabled=1, mode=file, dev="{port}"'
                       for n, port in enumerate(ports, 1))
    return f"""\
config_interface: textconfig
display_library: term
plugin_ctrl: speaker=0, gameport=0, parallel=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
memory: guest={memory}, host={host}
cpu: model={setup.machine.cpu}, count={setup.cpus}:1:1, ips={ips}, reset_on_triple_fault=0
boot: cdrom
ata0-master: type=cdrom, path="{iso}", status=inserted
{serial}
clock: sync=none, time0=946681200
mouse: enabled=0
log: {setup.dir}/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
"""


def bochs_command(setup, config):
    (setup.dir / "bochsrc").write_text(config)
    (setup.dir / "commands").write_text("c\nq\n")
    return ["env", "TERM=dumb", "bochs-bin", "-q", *bochs_flags(),
            "-f", str(setup.dir / "bochsrc"), "-rc", str(setup.dir / "commands")]


def command(setup):
    """What starts it. Its serial port is the file setup.serial."""
    if not setup.machine.is_bochs:
        return qemu_command(setup)
    return bochs_command(setup, bochs_config(setup, setup.iso, (setup.serial,), setup.memory))
