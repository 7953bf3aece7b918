#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Deliberate bugs (kernel/fault.h), each in a build of its own and booted in
# QEMU: the run fails, says so at its end, and the report names what is wrong.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

cpus=1

# fails_with FAULT PATTERN...: whole lines, in this order; the last one is the end.
fails_with() {
	FAULT=$1 boot --machine qemu-svm --cpus $cpus --cmdline run=hello
	shift
	ended_with 1 && run_sh_says 'qemu-svm: FAIL, says the kernel' && console_in_order "$@"
}

# manages_with FAULT PATTERN...: what is missing is said, and the rest runs.
manages_with() {
	FAULT=$1 boot --machine qemu-svm --cpus $cpus --cmdline run=hello,race,spread
	shift
	ended_with 0 && console_in_order "$@"
}

# by FUNCTION: a line of the backtrace.
by() {
	echo "#   0x[0-9a-f]{16} $1\\+0x[0-9a-f]+(, [0-9]+ times)?"
}

register='# rip    0x[0-9a-f]{16}'
nowhere='#   0x[0-9a-f]{16} \(not in the host.s text\)'
host="$(by fault_host)"
main="$(by kernel_main)"
table='table at 0x[0-9a-f]+ rwx.*'

ok "a failed assertion shows both operands and who made it" fails_with host-assert \
	'# PANIC: kernel/fault\.c:[0-9]+: assertion failed: .* \(0x1234, 0x5678\)' \
	"$register" '# backtrace:' "$(by compare_wrongly)" "$host" "$main" "$(by entry64)"
ok "a null pointer" fails_with host-null \
	'# PANIC: exception 14 .*: write at 0x0: null pointer, nothing is mapped there' \
	"$register" '# backtrace:' "$(by write_to)" "$host" "$main"
ok "a call of a null pointer" fails_with host-call-null \
	'# PANIC: exception 14 .*: fetch at 0x0: null pointer, .*' \
	'# rip    0x0{16}' '# backtrace:' "$nowhere" "$(by call)" "$host" "$main"
ok "a stack overflow" fails_with host-stack \
	'# PANIC: exception 8 .*: stack overflow: 0x[0-9a-f]+ is in the guard page below a stack' \
	"$register" '# backtrace:' '#   0x[0-9a-f]+ recurse\+0x[0-9a-f]+, [0-9]{2,} times' \
	"$host" "$main"
ok "data is not executed" fails_with host-exec \
	'# PANIC: exception 14 .*: fetch at 0x[0-9a-f]+: the page lacks the right' \
	'# backtrace:' "$nowhere" "$(by call)" "$host" "$main"
ok "the text is not written to" fails_with host-write-text \
	"# PANIC: exception 14 .*: write at 0x100000: the host's text, the page lacks the right" \
	'# backtrace:' "$(by write_to)" "$host" "$main"
cpus=2
ok "a CPU that does not know itself" fails_with host-gs \
	'# PANIC: exception 14 .*: read at 0x0: null pointer, nothing is mapped there' \
	'# backtrace:' "$(by lose_itself)" "$host" "$main"
alone=('ok [0-9]+ - race # SKIP it needs more CPUs' 'ok [0-9]+ - spread')
ok "a CPU that does not come up is left out" manages_with ap-lost \
	'# CPU with APIC ID 1 is left out: it does not come up' '# CPUs: 1 of 2' "${alone[@]}"
ok "a CPU that is not admitted is left out" manages_with ap-refused \
	'# CPU with APIC ID 1 is left out: it was told to be' '# CPUs: 1 of 2' "${alone[@]}"
ok "without an APIC there is one CPU" manages_with apic-off \
	'# no timer, and no other CPUs: .*' '# CPUs: 1 of 2' "${alone[@]}"
cpus=1
ok "a backtrace goes through an interrupt" fails_with host-interrupt \
	'# PANIC: inside of an interrupt' '# backtrace:' \
	"$(by interrupted)" "$(by stub_common)" "$(by interrupt)" "$host" "$main"
ok "an entry that hardware refuses" fails_with guest-leaf \
	'#   why: hardware faults on gpa 0x100000 although it is mapped' \
	"# hello: its last exit, .* the guest's page walk, .* at gpa 0x100000, the entries lack .*" \
	'# rip    0x0000000000103000' '# cr0    0x0000000080010031 PE ET NE WP PG' \
	'# cs     0x0008 .*: code, 64-bit, DPL 0' \
	'# second level of gpa 0x100000 \(image\), .*' \
	"#   level 4 0x000000000000-0x008000000000 entry 0x[0-9a-f]{16}: $table" \
	"#   level 3 0x000000000000-0x000040000000 entry 0x[0-9a-f]{16}: $table" \
	"#   level 2 0x000000000000-0x000000200000 entry 0x[0-9a-f]{16}: $table" \
	'#   level 1 0x000000100000-0x000000101000 entry .*; NOT VALID: would be 0x[0-9a-f]+' \
	"# the guest's walk of rip, 0x103000, cr3 0x100000:" \
	'#   level 4 at gpa 0x100000 entry 0x0000000000101003: table W' \
	'#   level 3 at gpa 0x101000: nothing is mapped there' \
	'not ok .* hello'
ok "a state that hardware refuses" fails_with guest-state \
	'#   end: the CPU refused to enter it, .*' \
	'# hello: its last exit, .* VMRUN refused .*: EFER.LME and CR0.PG without CR4.PAE' \
	'# cr4    0x0000000000000600 OSFXSR OSXMMEXCPT' \
	'# efer   0x0000000000000d00 LME LMA NXE' 'not ok .* hello'
ok "a page table that does not agree with itself" fails_with gpt-count \
	'# gpt: wrong after [0-9]+ operations; again: gpt-script=c[0-9a-f.]+,p.*' \
	'# host-gpt: a table does not agree with itself' 'not ok .* host-gpt'
done_testing
