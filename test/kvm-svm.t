#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM, in QEMU: all guests, and the trace of those that do not fault so
# often that writing it takes minutes. test/long has more.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

skip_without kvm-svm
boot --machine kvm-svm --cmdline "$short"
ok "all guests: pass" ended_with 0
passes_as_qemu kvm-svm "run=$few_faults"
done_testing
