#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The guests touch memory in the same way whatever the CPU: the lines of a trace
# do not differ between machines. Not spin and triple: bochs-svm cannot run them.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

same_faults() {
	diff -u "$scratch/faults.$1" "$scratch/faults.$2" > "$scratch/out"
}

traced() {
	grep -qE "^fault [a-z_]+ gpa=0x[0-9a-f]{12} $1 " "$scratch/faults.qemu-svm"
}

for machine in qemu-svm bochs-vmx bochs-svm; do
	boot --machine $machine --cmdline trace
	ok "$machine passes with trace" ended_with 0
	grep '^fault ' "$scratch/out" | grep -vE '^fault (spin|triple) ' > "$scratch/faults.$machine"
done
for kind in r w x walk; do
	ok "the trace has faults of kind $kind" traced $kind
done
ok "bochs-vmx has the faults of qemu-svm" same_faults qemu-svm bochs-vmx
ok "bochs-svm has the faults of qemu-svm" same_faults qemu-svm bochs-svm
done_testing
