# SPDX-License-Identifier: BSD-2-Clause
"""What has to be installed: packages of Debian's, and how each is recognized."""

import glob
import shutil

# Package: what it is, for users of other systems; and its witnesses, one of which
# has to be there: a command, or a file by its pattern.
PACKAGES = {
    "nasm": ("the assembler NASM", "nasm"),
    "gcc": ("gcc", "gcc"),
    "make": ("GNU make", "make"),
    "binutils": ("GNU binutils", "objcopy"),
    "grub-common": ("grub-mkrescue of GRUB 2", "grub-mkrescue"),
    "grub-pc-bin": ("GRUB's modules for i386-pc", "/usr/lib/grub/i386-pc/multiboot2.mod"),
    "grub-efi-amd64-bin": ("GRUB's modules for x86_64-efi",
                           "/usr/lib/grub/x86_64-efi/multiboot2.mod"),
    "mtools": ("mtools", "mformat"),
    "xorriso": ("xorriso", "xorriso"),
    "libc6-dev": ("the C library's headers", "/usr/include/stdio.h"),
    "libcmocka-dev": ("the library cmocka, with headers", "/usr/include/cmocka.h"),
    "perl": ("perl's prove", "prove"),
    "gdb": ("gdb", "gdb"),
    "qemu-system-x86": ("QEMU for x86", "qemu-system-x86_64"),
    "ovmf": ("OVMF, the UEFI firmware for QEMU", "/usr/share/ovmf/OVMF.fd",
             "/usr/share/OVMF/OVMF_CODE*.fd", "/usr/share/edk2/*/OVMF_CODE.fd"),
    "bochs": ("Bochs, with its debugger and support of VMX and SVM", "bochs-bin"),
    "bochs-term": ("Bochs's display library term",
                   "/usr/lib/*/bochs/plugins/libbx_term_gui.so"),
    "bochsbios": ("Bochs's BIOS", "/usr/share/bochs/BIOS-bochs-latest"),
    "vgabios": ("Bochs's VGA BIOS", "/usr/share/bochs/VGABIOS-lgpl-latest"),
}

# libc6-dev: the kernel needs none, but what checks its words runs on this machine.
BUILD = ["nasm", "gcc", "make", "binutils", "libc6-dev", "grub-common", "grub-pc-bin",
         "grub-efi-amd64-bin", "mtools", "xorriso"]
TEST = ["perl", "gdb", "libcmocka-dev"]


def is_there(package):
    return any(glob.glob(witness) if witness.startswith("/") else shutil.which(witness)
               for witness in PACKAGES[package][1:])


def missing(packages):
    """Those of them that are not there, in alphabetical order."""
    return sorted({package for package in packages if not is_there(package)})


def in_words(packages):
    """For systems that know other packages."""
    return ", ".join(PACKAGES[package][0] for package in packages)
