#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM: all guests, their memory in leaves of 4 KiB and of 2 MiB, and their
# traces.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

for machine in kvm-svm kvm-vmx; do
	for leaf in 4k 2m; do
		passes_as_qemu $machine leaf=$leaf
	done
done
done_testing
