#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM, in Bochs: all guests, and the trace of those that do not fault so
# often that writing it takes minutes. test/long has more.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

skip_without kvm-vmx
boot --machine kvm-vmx --cmdline "$short"
ok "all guests: pass" ended_with 0
passes_as_qemu kvm-vmx "run=$few_faults"
done_testing
