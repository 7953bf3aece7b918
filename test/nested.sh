# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# For tests of the machines with Linux's KVM in an emulator. Sourced behind lib.sh.

# shellcheck disable=SC2034 # the tests use it
few_faults=hello,walk,rom,hole,noexec,spin_if,triple,inject,softint,modes,probe,foreign,regs,large

# skip_without MACHINE: ends the test if this computer cannot have it.
skip_without() {
	local obstacle

	obstacle=$(./run.sh list | sed -n "/^  $1 /{n;s/^ *cannot run here: //p;}")
	if [ -n "$obstacle" ]; then
		echo "1..0 # SKIP $obstacle"
		exit
	fi
}

# faults_of NAME: of the boot that was made last. Where a turn ends depends on the time, and
# kvm-vmx cannot end spin.
faults_of() {
	grep '^fault ' "$scratch/out" | grep -vE '^fault (turns|spin) ' > "$scratch/faults.$1"
}

same_faults() {
	[ -s "$scratch/faults.$1" ] && diff -u "$scratch/faults.$1" "$scratch/faults.$2" \
		> "$scratch/out"
}

# passes_as_qemu MACHINE WORDS: it passes, and its trace is that of QEMU without KVM.
passes_as_qemu() {
	boot --cmdline "trace $2 $short"
	ok "qemu-svm, $2: passes" ended_with 0
	faults_of qemu-svm
	boot --machine "$1" --cmdline "trace $2 $short"
	ok "$1, $2: passes" ended_with 0
	faults_of "$1"
	ok "$1, $2: has the faults of qemu-svm" same_faults qemu-svm "$1"
}
