#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What firmware and loader may give that is out of the ordinary: memory maps, no ACPI,
# and a command line with the image's name in front. docs/hardware.md.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

# on MACHINE OPTION...: it passes, with one guest.
on() {
	boot --machine "$1" --cmdline "run=hello $short" "${@:2}"
	ok "$1: passes" ended_with 0
	ok "$1: a guest runs" console_has 'ok [0-9]+ - hello'
}

on qemu-holes
ok "qemu-holes: all of it is used" console_has '# memory in 31[0-9] ranges:'
ok "qemu-holes: nothing is given up" console_lacks '# .* of memory are not used: .*'

on qemu-nolow
on qemu-noacpi --firmware uefi
ok "qemu-noacpi: says so" console_has '# other CPUs are not used: .*'
ok "qemu-noacpi: one CPU" console_has '# head cpus 1 of unknown'
on qemu-noacpi # SeaBIOS has tables of its own

on qemu-large
ok "qemu-large: all of it is used" console_has '# head memory 6553[0-9] MiB'
ok "qemu-large: memory above 4 GiB was tried" console_has 'ok [0-9]+ - host-high-memory'

on qemu-far
ok "qemu-far: what is not worth its records is not used" console_has \
	'# 1048576 KiB of memory are not used: they are so far up .*'
ok "qemu-far: the rest is" console_has '# head memory 20[0-9]+ MiB'

# As kexec-tools do it.
make -s BUILD="$BUILD" ISO="$scratch/words.iso" CMDLINE="/boot/nestbox run=hello $short" iso \
	> "$scratch/make" 2>&1
boot --iso "$scratch/words.iso"
ok "an image's name: passes" ended_with 0
ok "an image's name: is no word" console_has "# head words run=hello .*"
ok "an image's name: is told" console_has "# the boot loader's first word .*: /boot/nestbox"
done_testing
