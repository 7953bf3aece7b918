#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is mistyped is named, and what is known is listed: of the words for the kernel,
# before it is booted and by itself; and of those for run.sh.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

guests=$(./run.sh list | sed '1,/^guests/d' | awk '{ print $1 }' | paste -sd ' ')
guests=${guests// /, }
ok "there are guests to list" [ -n "$guests" ]

all_have_titles() {
	! ./run.sh list | sed '1,/^guests/d' | grep -vE '^  [a-z0-9_]+ +[^ ]'
}
ok "each of them has a title" all_have_titles

# words WORDS MESSAGE: run.sh asks the kernel's parser, and boots nothing.
words() {
	boot --cmdline "$1"
	ok "words, $1: usage" ended_with 2
	ok "words, $1: is named" run_sh_says "$2"
	ok "words, $1: nothing is booted" [ ! -s "$scratch/out" ]
}

words 'trace frobnicate' 'unknown word "frobnicate"; known are: run=, trace, exit=, .*known=.*'
words run=hello,nobody "unknown guest in run= \"nobody\"; known are: $guests"
words run= "unknown guest in run= \"\"; known are: $guests"
words known=nobody "unknown guest in known= \"nobody\"; known are: $guests"
words fail-alloc=none 'impossible fail-alloc= "none"; known are: 1 to .*'
words leaf=3m 'unknown leaf= "3m"; known are: 4k, 2m, 1g'
words kick=smi 'unknown kick= "smi"; known are: int, nmi'
words soak=0 'impossible soak= "0"; known are: 1 to 86400'
words gpt-seed=0 'impossible gpt-seed= "0"; known are: 1 to .*'
words gpt-script=c34.f.8,z 'impossible in gpt-script= "z"; known are: .*'
words exit=sideways 'unknown exit= "sideways"; known are: halt, qemu, bochs'
words "$(printf 'known=hello,touch,walk %.0s' {1..60})" '--cmdline: with what run.sh adds .*'

# boots WORDS NAME MESSAGE: by GRUB, where nobody has looked at the words before the
# kernel does, which says what is wrong, and comes to its end.
boots() {
	rm -f "$scratch/words.iso"
	make -s BUILD="$BUILD" ISO="$scratch/words.iso" CMDLINE="$1" iso > "$scratch/make" 2>&1
	boot --iso "$scratch/words.iso"
	ok "kernel, $2: fails" ended_with 1
	ok "kernel, $2: as a test" console_has "not ok 1 - $2"
	ok "kernel, $2: is named" console_has "  reason: \"$3\""
	ok "kernel, $2: to its end" console_has '# nestbox end FAIL ok=0 failed=1 skipped=0'
}

boots 'trace frobnicate' command-line 'unknown word \\"frobnicate\\"; known are: .*'
# Hard to quote, on its way through make, sh and GRUB, which adds \ before " and \.
# shellcheck disable=SC2016 # as it is
boots 'a\"b\$$c\`d\\e#*' command-line 'unknown word \\"a\\\\\\"b\$c`d\\\\\\\\e#\*\\"; .*'
boots "$(printf 'known=hello,touch,walk %.0s' {1..40})" command-line 'the command line has more than .*'

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
run_sh '--iso "/nowhere/iso": there is no such file' --iso /nowhere/iso
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
run_sh '--log "/nowhere/log" cannot be written: No such file or directory' --log /nowhere/log

for word in --help help; do
	./run.sh $word > "$scratch/out" 2> "$scratch/err"
	status=$?
	ok "$word: passes" ended_with 0
	ok "$word: on the console" console_has ' *--machine NAME .*'
	ok "$word: in 80 columns" console_lacks '.{81,}'
done

boot --machine=qemu-svm --memory=128M --cmdline=run=hello
ok "values behind = are understood" ended_with 0
boot --cmdline run=hello --log /dev/full
ok "no space for the log: cannot" ended_with 3
ok "no space for the log: says so" run_sh_says '/dev/full: No space left on device.*'
done_testing
