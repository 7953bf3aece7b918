#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Where something is missing and may not be installed, run.sh says what.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

mkdir "$scratch/bin"
cp -s /usr/bin/* "$scratch/bin/" 2> /dev/null
rm -f "$scratch"/bin/{nasm,qemu-system-x86_64,bochs-bin,prove}
PATH=$scratch/bin

lists() {
	[ "$(sed -n 's/^run.sh: not installed: //p' "$scratch/err")" = "$1" ] &&
		run_sh_says "as root: apt-get install --no-install-recommends $1"
}

boot
ok "boot: cannot" ended_with 3
ok "boot: lists what is missing" lists 'nasm qemu-system-x86'
boot --machine bochs-vmx
ok "bochs-vmx: cannot" ended_with 3
ok "bochs-vmx: lists what is missing" lists 'bochs nasm'
boot test
ok "test: cannot" ended_with 3
ok "test: lists what is missing" lists 'bochs nasm perl qemu-system-x86'
boot list
ok "list: does not need them" ended_with 0
ok "list: says so" console_has ' *qemu-svm .*\(not installed: nasm qemu-system-x86\)'

boot --machine kvm
case $(./run.sh list) in
*kvm*'(cannot run here: '*)
	ok "kvm, which cannot run here: says so" ended_with 3
	ok "kvm, which cannot run here: why" run_sh_says 'kvm cannot run here: .+'
	;;
esac
done_testing
