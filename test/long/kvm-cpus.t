#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM, with several CPUs: guests that share page tables, and soak. SOAK:
# seconds, SEED. Not deaf on kvm-vmx: like spin, it takes an exit that Bochs does not make.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

seconds=${SOAK:-5} seed=${SEED:-1}

for where in "kvm-svm 2 deaf," "kvm-vmx 2"; do
	read -r machine cpus deaf <<< "$where"
	where="$machine $cpus"
	boot --machine "$machine" --cpus "$cpus" --timeout 600 \
		--cmdline "run=hello,race,spread,stale,${deaf}shoot,wander,turns $short"
	ok "$where: passes" ended_with 0
	ok "$where: all are up" console_has "# head cpus $cpus of $cpus"
	boot --machine "$machine" --cpus "$cpus" --timeout 600 \
		--cmdline "soak=$seconds seed=$seed leaf=2m $short"
	ok "$where, soak: passes" ended_with 0
done
done_testing
