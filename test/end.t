#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# However a run ends, nothing of it stays: no process, no temporary file. Not either
# of a test run that is interrupted, which says nothing but that.
# shellcheck source=test/lib.sh disable=SC2016,SC2317 # perl; ok calls functions
. "$(dirname "$0")/lib.sh"

# All that run.sh starts for a machine has a path in here among its words.
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"

running() {
	local file words

	for file in /proc/[0-9]*/cmdline; do
		mapfile -d '' words 2> /dev/null < "$file" || continue
		[[ ${words[*]} != *"$TMPDIR/"* ]] || return 0
	done 2> /dev/null
	return 1
}

# within SECONDS COMMAND...
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

nothing_runs() {
	! running
}

nothing_left() {
	[ -z "$(ls -A "$TMPDIR")" ]
}

# In a process group of its own, with SIGINT as in a terminal.
hangs() {
	: > "$scratch/out" # not what the last one said
	setpriv --pdeathsig TERM perl -e 'setpgrp(0, 0); $SIG{INT} = "DEFAULT"; exec @ARGV' \
		./run.sh --no-install -v --machine "$1" --timeout 600 --cmdline 'run=hello exit=halt' \
		> "$scratch/out" 2> "$scratch/err" < /dev/null &
	hanging=$!
}

for machine in qemu-svm bochs-vmx; do
	boot --machine $machine --timeout 3 --cmdline 'run=hello exit=halt'
	ok "$machine, no end: time-out" ended_with 124
	ok "$machine, no end: says so" run_sh_says "$machine: TIME-OUT, nothing new for .* s.*"
	ok "$machine, no end: no process" nothing_runs
	ok "$machine, no end: no file" nothing_left

	hangs $machine
	ok "$machine, Ctrl-C: runs before" within $((120 * SLOW)) console_has '# nestbox end PASS .*'
	ok "$machine, Ctrl-C: is seen to run" running
	kill -INT -- -$hanging
	wait $hanging
	status=$?
	ok "$machine, Ctrl-C: status" ended_with 130
	ok "$machine, Ctrl-C: no process" nothing_runs
	ok "$machine, Ctrl-C: no file" nothing_left

	hangs $machine
	ok "$machine, SIGTERM: runs before" within $((120 * SLOW)) console_has '# nestbox end PASS .*'
	kill -TERM $hanging
	wait $hanging
	status=$?
	ok "$machine, SIGTERM: status" ended_with 143
	ok "$machine, SIGTERM: no process" nothing_runs
	ok "$machine, SIGTERM: no file" nothing_left

	hangs $machine
	ok "$machine, SIGKILL: runs before" within $((120 * SLOW)) console_has '# nestbox end PASS .*'
	kill -KILL $hanging
	{ wait $hanging; } 2> /dev/null
	ok "$machine, SIGKILL: no process" within $((60 * SLOW)) nothing_runs
	rm -rf "${TMPDIR:?}"/*
done

# The run of all tests, interrupted while a machine is on.
setpriv --pdeathsig TERM perl -e 'setpgrp(0, 0); $SIG{INT} = "DEFAULT"; exec @ARGV' \
	env BUILD="$scratch/build" ./run.sh --no-install test qemu-svm \
	> "$scratch/out" 2> "$scratch/err" < /dev/null &
hanging=$!
ok "test, Ctrl-C: a machine is on" within $((120 * SLOW)) running
kill -INT -- -$hanging
wait $hanging
status=$?
ok "test, Ctrl-C: status" ended_with 130
ok "test, Ctrl-C: no process" within $((60 * SLOW)) nothing_runs
ok "test, Ctrl-C: no file" nothing_left
ok "test, Ctrl-C: says so, and no more" [ "$(tail -n 1 "$scratch/err")" = "run.sh: interrupted" ]
done_testing
