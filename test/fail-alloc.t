#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Each allocation of a guest fails once: it ends with a reason, nothing is lost
# (the kernel counts), and the next one runs.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

# all_failed GUEST LEAST: a page for each of its pages, tables and more.
all_failed() {
	local n

	n=$(sed -n "s/^# $1: each of its \([0-9]*\) allocations failed once$/\1/p" "$scratch/out")
	[ "${n:-0}" -ge "$2" ]
}

for machine in qemu-svm bochs-vmx; do
	boot --machine $machine --cmdline "run=hello,walk fail-alloc=all $short"
	ok "$machine passes with each allocation failing" ended_with 0
	ok "$machine: hello has no allocation that cannot fail" all_failed hello 8
	ok "$machine: walk has no allocation that cannot fail" all_failed walk 110
done
boot --machine qemu-svm --cmdline 'run=large leaf=2m fail-alloc=all'
ok "2 MiB: passes with each allocation failing" ended_with 0
ok "2 MiB: large has no allocation that cannot fail" all_failed large 25
ok "2 MiB: a smaller leaf instead" console_has '#   a smaller leaf was made once'
boot --machine qemu-svm --cmdline 'run=hello fail-alloc=9'
ok 'one failure ends the guest with a reason' grep -q 'end: needed a page when none was left' \
	"$scratch/out"
done_testing
