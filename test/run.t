#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is asked for is what runs, and what is seen.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

# The names of the guests that ran, in order.
guests_are() {
	[ "$(sed -n 's/^ok [0-9]* - \([a-z_]*\)$/\1/p' "$1" | paste -sd ' ')" = "$2" ]
}

same_file() {
	cmp -s "$1" "$2"
}

lacks_carriage_returns() {
	! grep -q $'\r' "$scratch/out"
}

boot --cmdline run=rom,hello --log "$scratch/log"
ok "two guests: pass" ended_with 0
ok "two guests: are the ones that run" guests_are "$scratch/out" 'hello rom'
ok "two guests: are planned" console_has '1\.\.7'
ok "two guests: are counted" console_has \
	'# nestbox end PASS ok=6 failed=0 skipped=1 want=high-memory:1'
ok "no trace without the word" console_lacks 'fault .*'
ok "the console begins with TAP" [ "$(head -n 1 "$scratch/out")" = 'TAP version 13' ]
ok "the console has no carriage returns" lacks_carriage_returns
sed -E 's/ \[[0-9]+ [0-9a-f]{8}\]$//' "$scratch/log" > "$scratch/unsealed"
ok "the log is the console, and seals" same_file "$scratch/unsealed" "$scratch/out"
ok "the log has a seal for each result, and for its end" \
	[ "$(grep -cE ' \[[0-9]+ [0-9a-f]{8}\]$' "$scratch/log")" = 8 ]

boot --cmdline 'run=hello run=hole trace'
ok "run= twice: both run" guests_are "$scratch/out" 'hello hole'
ok "trace: is there" console_has 'fault hole gpa=0x[0-9a-f]{12} r hole .*'

boot --cmdline 'run=hello,hole known=hole'
ok "known= does no harm to what passes" ended_with 0
ok "known= is shown as TODO" console_has 'ok [0-9]+ - hole # TODO .*'

# A line for each test, and nothing wider than a terminal.
./run.sh --no-install --log "$scratch/log" > "$scratch/out" 2> "$scratch/err"
status=$?
ok "by default: passes" ended_with 0
ok "by default: one line a test" [ "$(wc -l < "$scratch/out")" = \
	$((3 + $(grep -cE "^(ok|# alive) " "$scratch/out"))) ]
ok "by default: in 80 columns" console_lacks '.{81,}'

ok "its log, with bytes lost or changed, is never believed" \
	python3 -B test/harness/unit/damage.py "$scratch/log"

# Who looks may go.
{
	./run.sh --no-install --cmdline run=hello 2> "$scratch/err"
	echo $? > "$scratch/status"
} | head -n 1 > "$scratch/out"
status=$(cat "$scratch/status")
ok "| head: passes" ended_with 0
ok "| head: says nothing else" [ "$(grep -vc '^run.sh: qemu-svm: PASS' "$scratch/err")" = 0 ]

# Two at a time do not disturb each other.
boot_hole() {
	setpriv --pdeathsig TERM ./run.sh --no-install -v --cmdline run=hole > "$scratch/other" 2>&1
}
boot_hole &
other=$!
boot --machine bochs-vmx --cmdline run=hello
ok "side by side: one passes" ended_with 0
wait $other
ok "side by side: the other passes" [ $? = 0 ]
ok "side by side: one runs its guest" guests_are "$scratch/out" hello
ok "side by side: the other runs its own" guests_are "$scratch/other" hole
done_testing
