#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Nested in Linux's KVM, in an emulator: guests that fit the time; test/long has all.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/nested.sh
. test/nested.sh

skip_without kvm-vmx
passes_as_qemu kvm-vmx run=hello,walk,rom,hole,noexec
done_testing
