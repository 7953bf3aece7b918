#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# However a run ends, nothing of it stays: no process, no temporary file.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/leftovers.sh
. test/leftovers.sh

# hangs MACHINE: it has passed, and does not end.
hangs() {
	begin -v --machine "$1" --timeout 600 --cmdline "run=hello exit=halt $short"
	ok "$1: runs before it is ended" within 120 console_has '# nestbox end PASS .*'
}

for machine in qemu-svm bochs-vmx; do
	boot --machine $machine --timeout 3 --cmdline "run=hello exit=halt $short"
	ok "$machine, no end: time-out" ended_with 124
	ok "$machine, no end: says so" run_sh_says "$machine: TIME-OUT, nothing new for .* s.*"
	ok "$machine, no end: no process" nothing_runs
	ok "$machine, no end: no file" nothing_left

	hangs $machine
	ok "$machine, Ctrl-C: is seen to run" running
	end INT "-$begun"
	ok "$machine, Ctrl-C: status" ended_with 130
	ok "$machine, Ctrl-C: no process" nothing_runs
	ok "$machine, Ctrl-C: no file" nothing_left

	hangs $machine
	end TERM "$begun"
	ok "$machine, SIGTERM: status" ended_with 143
	ok "$machine, SIGTERM: no process" nothing_runs
	ok "$machine, SIGTERM: no file" nothing_left

	hangs $machine
	end KILL "$begun"
	ok "$machine, SIGKILL: no process" within 60 nothing_runs
	rm -rf "${TMPDIR:?}"/*
done
done_testing
