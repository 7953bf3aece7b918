#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Machines with much memory and with too little.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

boot --memory 6144
ok "6144 MiB: passes" ended_with 0
ok "6144 MiB: memory above 4 GiB was tried" console_has 'ok [0-9]+ - host-high-memory'
ok "6144 MiB: in several ranges" console_has '# memory in [2-9] ranges:'
ok "6144 MiB: all of it" console_has '# head memory 61[0-9]+ MiB'

boot --memory 1536 --cpus 2 --cmdline run=kicks1g
ok "1536 MiB: passes" ended_with 0
ok "1536 MiB: a guest has 1 GiB of it" console_has 'ok [0-9]+ - kicks1g'

boot --cpus 2 --cmdline run=kicks,kicks1g
ok "128 MiB: passes" ended_with 0
ok "128 MiB: a guest that needs more is not run, and it says what to do" console_has \
	'ok [0-9]+ - kicks1g # SKIP for want of memory: it needs 1040 MiB, .*'
ok "128 MiB: its sibling is" console_has 'ok [0-9]+ - kicks'

boot --memory 24
ok "24 MiB: passes" ended_with 0
ok "24 MiB: nothing above 4 GiB" console_has 'ok [0-9]+ - host-high-memory # SKIP for want of high-memory: .*'

for memory in 8 16; do
	boot --memory $memory
	ok "$memory MiB: fails" ended_with 1
	ok "$memory MiB: as a test" console_has 'not ok 1 - memory'
	ok "$memory MiB: says why" console_has \
		'  reason: "too little memory: at least 16 MiB .*"'
	ok "$memory MiB: to its end" console_has '# nestbox end FAIL ok=0 failed=1 skipped=0'
done
done_testing
