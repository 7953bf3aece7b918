#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# gdb beside a running guest: our commands find the second level
# and the guest's memory, also while the CPU is inside of the guest.
. "$(dirname "$0")/lib.sh"

if ! command -v gdb > /dev/null; then
	echo "# gdb is not installed; as root: apt-get install gdb"
	ok "gdb is there" false
	done_testing
fi

setpriv --pdeathsig TERM ./run.sh --no-install --cmdline "run=hole" debug \
	--timeout 600 -batch -x test/gdb/check.gdb > "$scratch/all" 2> "$scratch/err" < /dev/null &
wait $!
status=$?

# part TITLE: what was said at this stop goes to out.
part() {
	sed -n "/^== $1\$/,/^== /p" "$scratch/all" | sed 1d > "$scratch/out"
}

table='entry 0x[0-9a-f]{16}: table A'

ok "gdb ends well" ended_with 0
part "before the first fault"
ok "gpt-walk ends in a hole" console_has \
	'level 4 0x000000000000-0x008000000000 at 0x[0-9a-f]+ entry 0x0{13}800: hole'
part "inside of the guest"
ok "gpt-walk: level 4" console_has "level 4 0x000000000000-0x008000000000 at 0x[0-9a-f]+ $table"
ok "gpt-walk: level 2" console_has "level 2 0x000000000000-0x000000200000 at 0x[0-9a-f]+ $table"
ok "gpt-walk: the page" console_has \
	'level 1 0x000000103000-0x000000104000 at 0x[0-9a-f]+ entry 0x[0-9a-f]{16}: page at 0x[0-9a-f]+ rwx.*'
code=$(od -An -tx1 -j $((0x3000)) -N 8 "$BUILD/guest/hole.bin" | sed 's/ /\\s0x/g')
ok "guest-x: the guest's first instruction" console_has "0x[0-9a-f]+.*:$code"
ok "guest-x: what is not mapped" console_has 'nothing is mapped at gpa 0x200000'
part "before the last fault"
ok "gpt-walk: the hole" console_has 'level 2 0x000030000000-0x000030200000 .*: hole'
ok "vcpu: registers" console_has 'rsp .* rdi 0x0000000030007ff8'
ok "vcpu: rip" console_has 'rip 0x0{10}10300b rflags 0x2 cs 0x8 cpl 0'
ok "exits: five faults" console_has ' +5 faults'
ok "console: what the kernel said" console_has '# hole: .*'
part "after the guest"
ok "no guest is running" console_has 'no guest is running'
done_testing
