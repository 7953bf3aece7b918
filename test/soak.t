#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# vCPUs on several CPUs, and all that can be changed under them. SOAK: seconds, SEED.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${SOAK:-5} seed=${SEED:-1}

for where in "qemu-svm 4 2m" "bochs-vmx 2 2m" "bochs-svm 2 4k"; do
	read -r machine cpus leaf <<< "$where"
	boot --machine "$machine" --cpus "$cpus" --timeout $((60 + 10 * seconds)) \
		--cmdline "soak=$seconds seed=$seed leaf=$leaf $short"
	ok "$where: passes" ended_with 0
	ok "$where: on all CPUs" console_has "#   vCPU $((cpus - 1)): end: .* verdict 0, .*"
	ok "$where: for so long" console_has "# soak: [1-9][0-9]* of $seconds s, .*"
	ok "$where: with this seed" console_has "# head seed $seed"
done

boot --cmdline 'soak=1 run=hello'
ok "one CPU: passes" ended_with 0
ok "one CPU: no soak" console_has 'ok [0-9]+ - soak # SKIP for want of cpus: .*'
ok "one CPU: the guests come first" console_has 'ok [0-9]+ - hello'
done_testing
