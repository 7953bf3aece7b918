#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Machines with several CPUs: all of them come up, the guests run as ever, and one
# goes from CPU to CPU.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

for where in "qemu-svm 4 bios" "qemu-svm 2 uefi" "bochs-vmx 4 bios" "bochs-svm 2 bios"; do
	read -r machine cpus firmware <<< "$where"
	boot --machine "$machine" --cpus "$cpus" --firmware "$firmware" --cmdline run=hello,touch,wander
	ok "$where: passes" ended_with 0
	ok "$where: all are up" console_has "# CPUs: $cpus of $cpus"
	ok "$where: a vCPU wanders" console_has 'ok [0-9]+ - wander'
	ok "$where: none is left out" console_lacks '# CPU with APIC ID .*'
done
boot
ok "one CPU: passes" ended_with 0
ok "one CPU: two address spaces take turns" console_has 'ok [0-9]+ - turns'
ok "one CPU: nobody wanders" console_has 'ok [0-9]+ - wander # SKIP it needs more CPUs'
ok "one CPU: is one" console_has '# CPUs: 1 of 1'
done_testing
