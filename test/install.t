#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Where something is missing and may not be installed, run.sh says what.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

mkdir "$scratch/bin"
cp -s /usr/bin/* "$scratch/bin/" 2> /dev/null
rm -f "$scratch"/bin/{nasm,qemu-system-x86_64,bochs-bin,prove,xorriso}
PATH=$scratch/bin

lists() {
	[ "$(sed -n 's/^run.sh: not installed: //p' "$scratch/err")" = "$1" ] &&
		run_sh_says "as root: apt-get install --no-install-recommends $1" &&
		run_sh_says "on other systems: .*"
}

boot
ok "boot: cannot" ended_with 3
ok "boot: lists what is missing" lists 'nasm qemu-system-x86 xorriso'
boot --machine bochs-vmx
ok "bochs-vmx: cannot" ended_with 3
ok "bochs-vmx: lists what is missing" lists 'bochs nasm xorriso'
boot test
ok "test: cannot" ended_with 3
ok "test: lists what is missing" lists 'bochs nasm perl qemu-system-x86 xorriso'
boot list
ok "list: does not need them" ended_with 0
note_of() {
	sed -n "/^  $1 /{n;s/^ *not installed: //p;}" "$scratch/out"
}
ok "list: says so" [ "$(note_of qemu-svm)" = 'nasm qemu-system-x86 xorriso' ]
ok "list: three packages or more are not installed, too" \
	[ "$(note_of bochs-vmx)" = 'bochs nasm xorriso' ]

boot --machine kvm
case $(./run.sh list) in
*'cannot run here: '*)
	ok "kvm, which cannot run here: says so" ended_with 3
	ok "kvm, which cannot run here: why" run_sh_says 'kvm cannot run here: .+'
	;;
esac

# Another system: nothing is installed, and what is needed is said in words.
rm -f "$scratch/bin/apt-get"
./run.sh > "$scratch/out" 2> "$scratch/err" < /dev/null
status=$?
ok "without apt-get: cannot" ended_with 3
ok "without apt-get: says so in words" run_sh_says 'on other systems: .*NASM, QEMU for x86, xorriso'

# No Python: run.sh itself says so.
rm -f "$scratch/bin/python3"
boot
ok "without Python: cannot" ended_with 3
ok "without Python: says so" run_sh_says 'not installed: python3 .*'
done_testing
