#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The guests touch memory in the same way whatever the CPU: the lines of a trace
# do not differ between machines. Not spin and triple: bochs-svm cannot run them. Not
# turns: where a turn ends depends on the time.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

same_faults() {
	diff -u "$scratch/faults.$1" "$scratch/faults.$2" > "$scratch/out"
}

# traced LEAF PATTERN
traced() {
	grep -qE "^fault [a-z_]+ gpa=0x[0-9a-f]{12} $2" "$scratch/faults.qemu-svm.$1"
}

for leaf in 4k 2m; do
	for machine in qemu-svm bochs-vmx bochs-svm; do
		boot --machine $machine --cmdline "trace leaf=$leaf $short"
		ok "$leaf: $machine passes with trace" ended_with 0
		grep '^fault ' "$scratch/out" | grep -vE '^fault (spin|triple|turns) ' \
			> "$scratch/faults.$machine.$leaf"
	done
	for kind in r w x walk; do
		ok "$leaf: the trace has faults of kind $kind" traced $leaf "$kind "
	done
	ok "$leaf: bochs-vmx has the faults of qemu-svm" same_faults qemu-svm.$leaf bochs-vmx.$leaf
	ok "$leaf: bochs-svm has the faults of qemu-svm" same_faults qemu-svm.$leaf bochs-svm.$leaf
done
ok "2m: zeroes in one leaf" traced 2m '.* maps 2 MiB of zeroes rwx'
ok "2m: an image in one leaf" traced 2m '.* maps 2 MiB of its image r-x'
done_testing
