#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What real machines do and emulators do not by themselves: states that firmware leaves
# behind at entry, clocks and memory that are missing, errors of the hardware. gdb makes them.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

# under_gdb COMMAND...: a run with "hello" and these commands of gdb, whose log is put into out.
firmware=bios cpus=1
under_gdb() {
	local commands=() command

	for command; do
		commands+=(-ex "$command")
	done
	setpriv --pdeathsig TERM ./run.sh --no-install --firmware "$firmware" --cpus "$cpus" \
		--cmdline "run=hello exit=halt $short" debug --timeout 60 -batch \
		-x test/gdb/entry.gdb "${commands[@]}" \
		> "$scratch/out" 2> "$scratch/err" < /dev/null &
	wait $!
	status=$?
}

boot --machine qemu-nopit --cpus 2 --cmdline "run=hello,race $short"
ok "no PIT: passes" ended_with 0
ok "no PIT: another clock is asked" console_has '# TSC: [0-9]+ kHz by the ACPI PM timer'

boot --machine qemu-cutlow --cpus 2 --cmdline "run=hello,race $short"
ok "no low memory: says why other CPUs are not started" console_has \
	"# other CPUs are not started: the firmware's memory map has no two free pages below 640 KiB, .*"
ok "no low memory: one CPU is used" console_has '# head cpus 1 of 2'
ok "no low memory: passes on that one" console_has '# nestbox end PASS .*'

if ! command -v gdb > /dev/null; then
	echo "# gdb is not installed; as root: apt-get install gdb"
	ok "gdb is there" false
	done_testing
fi

# CR4: LA57, which GRUB leaves set; VME, DE, PGE and MCE, with no IDT to take one.
for firmware in bios uefi; do
	# shellcheck disable=SC2016 # gdb's own variables
	under_gdb at-entry 'set $cr4 = $cr4 | 0x10c9' to-the-end
	ok "5-level paging was on, $firmware: passes" console_has '# nestbox end PASS .*'
done
firmware=bios

under_gdb "hbreak report_plan" continue "monitor mce 0 9 0xbd00000000100134 5 0x12345678 0x8c" \
	to-the-end
ok "machine check: the bank in words" console_has \
	'# machine check, CPU 0, bank 9: cache, level 0 of data: a data read, not corrected; .*, address 0x12345678'
ok "machine check: whose fault it is" console_has \
	'# PANIC: machine check: hardware of this machine is broken, .*'
ok "machine check: fails" console_has '# nestbox end FAIL .*'

under_gdb at-entry "monitor mce 0 3 0x9400000000000090 0 0x1000 0" to-the-end
ok "an error of before: is reported" console_has \
	'# hardware error of before, CPU 0, bank 3: memory controller, channel 0: a read, corrected; .*'
ok "an error of before: passes" console_has '# nestbox end PASS .*'

cpus=2
under_gdb at-entry "set {int}0x4f000 = 0x5eed" "set {int}0x50ffc = 0x5eed" to-the-end \
	'printf "low %x: %x %x\n", start.low, {int}0x4f000, {int}0x50ffc'
ok "low memory: all CPUs came that way" console_has '# head cpus 2 of 2'
ok "low memory: is as it was afterwards" console_has 'low 4f000: 5eed 5eed'
cpus=1

under_gdb "hbreak report_plan" continue "monitor nmi" to-the-end
ok "an NMI that nobody sent: is counted" console_has '# figure nmis.unknown 1 nmis'
ok "an NMI that nobody sent: is explained" console_has '# 1 NMIs came that no CPU has sent, .*'
ok "an NMI that nobody sent: passes" console_has '# nestbox end PASS .*'
done_testing
