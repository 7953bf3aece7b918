#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# CPUs that cannot do it are told so: which bit, and what to do about it.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

# refuses MACHINE CAUSE
refuses() {
	boot --machine "$1"
	ok "$1: cannot" ended_with 3
	ok "$1: says so" run_sh_says "$1: REFUSED, .*"
	ok "$1: no test runs" console_has "1\.\.0 # SKIP .*"
	ok "$1: names the bit" console_has "# refused: .*$2.*"
	ok "$1: has a remedy" console_has '# remedy: +[a-z].*'
	ok "$1: to its end" console_has '# nestbox end REFUSED ok=0 failed=0 skipped=0'
}

refuses qemu-32bit 'CPUID\.8000_0001:EDX bit 29'
refuses qemu-novirt 'CPUID\.8000_0001:ECX bit 2'
refuses qemu-nonpt 'CPUID\.8000_000A:EDX bit 0'
refuses bochs-novirt 'CPUID\.1:ECX bit 5'
refuses bochs-noept 'enable EPT'
done_testing
