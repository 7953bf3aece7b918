#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# However a run ends, nothing of it stays: no process, no temporary file. A
# machine that never ends is not believed, whatever it said.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
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
	# shellcheck disable=SC2016 # perl's
	setpriv --pdeathsig TERM perl -e 'setpgrp(0, 0); $SIG{INT} = "DEFAULT"; exec @ARGV' \
		./run.sh --no-install --machine "$1" --timeout 60 --cmdline 'run=hello exit=halt' \
		> "$scratch/out" 2> "$scratch/err" < /dev/null &
	hanging=$!
}

for machine in qemu-svm bochs-vmx; do
	boot --machine $machine --timeout 8 --cmdline 'run=hello exit=halt'
	ok "$machine, no end: time-out" ended_with 124
	ok "$machine, no end: although it says PASS" console_has '# nestbox end PASS .*'
	ok "$machine, no end: says so" run_sh_says "$machine: TIME-OUT after 8 s; .*"
	ok "$machine, no end: no process" nothing_runs
	ok "$machine, no end: no file" nothing_left

	hangs $machine
	ok "$machine, Ctrl-C: runs before" within 30 console_has '# nestbox end PASS .*'
	ok "$machine, Ctrl-C: is seen to run" running
	kill -INT -- -$hanging
	wait $hanging
	status=$?
	ok "$machine, Ctrl-C: status" ended_with 130
	ok "$machine, Ctrl-C: no process" nothing_runs
	ok "$machine, Ctrl-C: no file" nothing_left

	hangs $machine
	ok "$machine, SIGTERM: runs before" within 30 console_has '# nestbox end PASS .*'
	kill -TERM $hanging
	wait $hanging
	status=$?
	ok "$machine, SIGTERM: status" ended_with 143
	ok "$machine, SIGTERM: no process" nothing_runs
	ok "$machine, SIGTERM: no file" nothing_left

	hangs $machine
	ok "$machine, SIGKILL: runs before" within 30 console_has '# nestbox end PASS .*'
	kill -KILL $hanging
	{ wait $hanging; } 2> /dev/null
	ok "$machine, SIGKILL: no process" within 5 nothing_runs
	rm -rf "${TMPDIR:?}"/*
done
done_testing
