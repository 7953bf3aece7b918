#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Machines with several CPUs: all of them come up, and share guests' page tables; a
# vCPU goes from one to the next, and two address spaces take turns on one of them.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

for where in "qemu-svm 4 bios 4k" "qemu-svm 2 uefi 2m" "bochs-vmx 4 bios 4k" "bochs-vmx 2 bios 2m" \
	"bochs-svm 2 bios 4k" "bochs-svm 2 bios 2m"; do
	read -r machine cpus firmware leaf <<< "$where"
	boot --machine "$machine" --cpus "$cpus" --firmware "$firmware" \
		--cmdline "run=hello,race,spread,stale,deaf,shoot,wander leaf=$leaf $short"
	ok "$where: passes" ended_with 0
	ok "$where: all are up" console_has "# head cpus $cpus of $cpus"
	ok "$where: none is left out" console_lacks '# CPU with APIC ID .*'
	for guest in race spread stale deaf shoot wander; do
		ok "$where: $guest" console_has "ok [0-9]+ - $guest"
	done
done
boot
ok "one CPU: passes" ended_with 0
ok "one CPU: two address spaces take turns" console_has 'ok [0-9]+ - turns'
ok "one CPU: what all CPUs are to share is touched by one" console_has 'ok [0-9]+ - spread'
ok "one CPU: nobody wanders" console_has 'ok [0-9]+ - wander # SKIP for want of cpus: .*'
ok "one CPU: is one" console_has '# head cpus 1 of 1'
ok "one CPU: two are not run on it" console_has 'ok [0-9]+ - shoot # SKIP for want of cpus: .*'
done_testing
