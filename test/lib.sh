# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# For the tests that boot: sourced by test/*.t. They speak TAP; the plan comes last.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C
BUILD=${BUILD:-build}
SLOW=${SLOW:-1}
# For boots that are not about it: the self-test of page tables with one short script.
# shellcheck disable=SC2034 # the tests use it
short=gpt-script=c34.f.8
scratch=$(mktemp -d) || exit 1
number=0 failed=0 status=
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' TERM

# boot OPTION...: ./run.sh. The whole log is put into out, what run.sh says itself
# into err, its status into status. If this test is ended, so is it. FAULT=NAME
# before it: the build with that deliberate bug.
boot() {
	setpriv --pdeathsig TERM ./run.sh --no-install -v "$@" \
		> "$scratch/out" 2> "$scratch/err" < /dev/null &
	wait $!
	status=$?
}

# ok NAME COMMAND...: passes if the command does.
ok() {
	local name=$1

	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
	else
		failed=$((failed + 1))
		echo "not ok $number - $name"
		{
			echo "failed: $*; status $status; the end of out and err:"
			tail -n 15 "$scratch/out" "$scratch/err" 2> /dev/null
		} | sed 's/^/# /'
	fi
}

ended_with() {
	[ "$status" = "$1" ]
}

# Whole lines, by a pattern, of the console and of run.sh itself.
console_has() {
	grep -qxE -- "$1" "$scratch/out"
}

console_lacks() {
	! console_has "$1"
}

run_sh_says() {
	grep -qxE -- "run.sh: $1" "$scratch/err"
}

done_testing() {
	echo "1..$number"
	exit $((failed > 0))
}
