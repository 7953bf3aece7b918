#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# ./run.sh test: a failed test is named in the end, with the first thing that was wrong
# and the path of its log, which has all that is known; and Ctrl-C leaves nothing.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/leftovers.sh
. test/leftovers.sh

export BUILD=$scratch/build # the log folder is that of the run which this test is part of
log=$BUILD/log/qemu-svm.log
in_log() {
	grep -qxE -- "$1" "$log"
}

begin --cmdline run=hello
ok "Ctrl-C, building: a compiler runs" within 120 test -e "$BUILD/kernel/host/acpi.o"
end INT "-$begun"
ok "Ctrl-C, building: status" ended_with 130
ok "Ctrl-C, building: no process" within 60 nothing_runs
ok "Ctrl-C, building: no file" nothing_left

FAULT=map-write ./run.sh --no-install test qemu-svm bochs-noept \
	> "$scratch/out" 2> "$scratch/err" < /dev/null
status=$?
ok "one fails: status" ended_with 1
ok "one fails: its name and what was wrong" \
	run_sh_says '  qemu-svm: FAIL: rom \(end: expected "touched .*", saw ".* verdict 2"\).*'
ok "one fails: where its log is" grep -qxF "run.sh:     $(realpath --relative-to . "$log")" \
	"$scratch/err"
ok "its log: the reason" in_log '  reason: "end"'
ok "its log: the verdict" in_log \
	'run\.sh: qemu-svm: FAIL: rom \(end: expected .*'
ok "its log: the whole console" in_log '# head build .* with the deliberate bug map-write'
ok "the other one: has no log" [ "$(ls "$BUILD/log")" = qemu-svm.log ]

begin test qemu-svm
ok "Ctrl-C: a machine is on" within 120 running
end INT "-$begun"
ok "Ctrl-C: status" ended_with 130
ok "Ctrl-C: no process" within 60 nothing_runs
ok "Ctrl-C: no file" nothing_left
ok "Ctrl-C: says so, and no more" \
	[ "$(grep -v '^run.sh: \(building\|left out\)' "$scratch/err")" = 'run.sh: interrupted' ]

printf '#!/bin/sh\necho 1..2\necho ok 1\n' > "$scratch/short.t"
chmod +x "$scratch/short.t"
python3 -B test/harness prove "$scratch/short.t" > "$scratch/out" 2> "$scratch/err"
status=$?
ok "a test that stops half way: status" ended_with 1
ok "a test that stops half way: is no PASS" run_sh_says 'FAIL, in .*'

begin test frob
wait "$begun"
status=$?
ok "a test that is not known: usage" ended_with 2
done_testing
