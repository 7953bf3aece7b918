# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# For tests that end runs in all ways: whether something of them stays. Sourced behind
# lib.sh.

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

# within SECONDS COMMAND...: SLOW times as long.
within() {
	local end=$((SECONDS + $1 * SLOW))

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

# begin ARGUMENT...: ./run.sh in a process group of its own, with SIGINT as in a
# terminal; its process becomes begun.
begin() {
	: > "$scratch/out" # not what the last one said
	# shellcheck disable=SC2016 # perl's
	setpriv --pdeathsig TERM perl -e 'setpgrp(0, 0); $SIG{INT} = "DEFAULT"; exec @ARGV' \
		./run.sh --no-install "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null &
	begun=$!
}

# end SIGNAL PROCESS: its status becomes status.
end() {
	kill "-$1" -- "$2"
	{ wait "$begun"; } 2> /dev/null
	status=$?
}
