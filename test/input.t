#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is mistyped is named, and what is known is listed: by the kernel, for its
# command line, and by run.sh, for its own.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

guests=$(./run.sh list | sed '1,/^guests/d' | awk '{ print $1 }' | paste -sd ' ')
guests=${guests// /, }
ok "there are guests to list" [ -n "$guests" ]

all_have_titles() {
	! ./run.sh list | sed '1,/^guests/d' | grep -vE '^  [a-z0-9_]+ +[^ ]'
}
ok "each of them has a title" all_have_titles

# kernel WORDS MESSAGE
kernel() {
	boot --cmdline "$1"
	ok "kernel, $1: fails" ended_with 1
	ok "kernel, $1: as a test" console_has 'not ok 1 - command-line'
	ok "kernel, $1: is named" console_has "# $2"
	ok "kernel, $1: to its end" console_has '# nestbox end FAIL ok=0 failed=1 skipped=0'
}

kernel 'trace frobnicate' 'unknown word "frobnicate"; known are: run=, trace, exit=, .*known='
kernel run=hello,nobody "unknown guest in run= \"nobody\"; known are: $guests"
kernel run= "unknown guest in run= \"\"; known are: $guests"
kernel known=nobody "unknown guest in known= \"nobody\"; known are: $guests"
kernel fail-alloc=none 'impossible fail-alloc= "none"; known are: 1 to .*'
kernel leaf=3m 'unknown leaf= "3m"; known are: 4k, 2m, 1g'
kernel kick=smi 'unknown kick= "smi"; known are: int, nmi'
kernel soak=0 'impossible soak= "0"; known are: 1 to 86400'
kernel gpt-seed=0 'impossible gpt-seed= "0"; known are: 1 to .*'
kernel gpt-script=c34.f.8,z 'impossible in gpt-script= "z"; known are: .*'
kernel exit=sideways 'unknown exit= "sideways"; known are: halt, qemu, bochs'

# run_sh MESSAGE ARGUMENT...
run_sh() {
	local message=$1 words

	shift
	words=${*@Q}
	boot "$@"
	ok "run.sh $words: usage" ended_with 2
	ok "run.sh $words: is named" run_sh_says "$message"
	ok "run.sh $words: starts nothing" [ ! -s "$scratch/out" ]
}

run_sh 'unknown option "--frob"; known are: --machine, .*' --frob
run_sh 'unknown word "frob"; known are: test, list, debug' frob
run_sh 'unknown word "frob" behind list' list frob
run_sh 'unknown machine "pdp11"; known are: qemu-svm .* bochs-vmx .*' --machine pdp11
run_sh 'unknown machine "pdp11"; known are: qemu-svm .* bochs-vmx .*' test qemu-svm pdp11
run_sh 'unknown firmware "coreboot"; known are: bios, uefi' --firmware coreboot
run_sh '--firmware uefi: not with Bochs' --machine bochs-vmx --firmware uefi
run_sh '--memory "lots": a number from .* to .*' --memory lots
run_sh '--memory "7": a number from 8 to .*' --memory 7
run_sh '--memory "16": a number from 32 to .*' --machine bochs-vmx --memory 16
run_sh '--memory "99999999999999999999": a number from .*' --memory 99999999999999999999
run_sh '--memory "-1": a number from .*' --memory -1
run_sh '--memory "": a number from .*' --memory ''
run_sh '--timeout "0": a number from 1 to .*' --timeout 0
run_sh '--timeout needs a value; .*' --timeout
run_sh '--cpus "0": a number from 1 to 64' --cpus 0
run_sh '--cpus "9": a number from 1 to 8' --machine bochs-vmx --cpus 9
run_sh '--memory does not go with test' test --memory 128
run_sh '--cmdline: only printable ASCII characters' --cmdline $'a\nb'
run_sh '--log "/nowhere/log" cannot be written' --log /nowhere/log

# Hard to quote, on its way through make, sh and GRUB, which adds \ before " and \.
# shellcheck disable=SC2016 # as it is
{
	boot --cmdline 'a"b$c`d\e#*'
	ok "a word of special characters arrives" \
		grep -qF 'unknown word "a\"b$c`d\\e#*";' "$scratch/out"
}

boot --help
ok "--help: passes" ended_with 0
ok "--help: on the console" console_has ' *--machine NAME .*'
done_testing
