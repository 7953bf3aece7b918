#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM, and migrated: the whole state is read, and a new VM made of it.
# Verdicts, faults and counts are those of a run without. All guests, or there is no time for
# so many. MIGRATE: how often, SEED.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

times=${MIGRATE:-50} seed=${SEED:-1}

for machine in kvm-svm kvm-vmx; do
	boot --machine $machine --cmdline "trace $short"
	ok "$machine: passes" ended_with 0
	faults_of $machine
	boot --machine $machine --migrate "$times" --timeout 600 \
		--cmdline "trace $short seed=$seed"
	ok "$machine, migrated: passes" ended_with 0
	faults_of $machine.migrated
	ok "$machine, migrated: has the same faults" same_faults $machine $machine.migrated
done
done_testing
