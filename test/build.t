#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Building: what does not build says why, and no more; other flags build everything
# again; and where nothing can be written, that is said.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

# One object, in a build folder of its own.
object=$scratch/b/kernel/lib/format.o
compiles() {
	make --no-print-directory BUILD="$scratch/b" "$@" "$object" > "$scratch/out" 2> "$scratch/err"
	status=$?
	grep -q '^  CC ' "$scratch/out"
}

compiles_nothing() {
	! compiles "$@" && ended_with 0
}

ok "an object is built" compiles
ok "and once only" compiles_nothing
ok "with other CFLAGS it is built again" compiles CFLAGS=-O1
ok "and once only" compiles_nothing CFLAGS=-O1
if command -v clang > /dev/null; then
	ok "with another CC it is built again" compiles CC=clang CFLAGS=-O1
fi

# A tree with a mistake in it.
tree=$scratch/tree
mkdir "$tree"
cp -r Makefile linker.ld run.sh boot kernel gpt vmx svm guest test "$tree"
echo 'int mistake = ;' >> "$tree/kernel/lib/format.c"
BUILD=build "$tree/run.sh" --no-install > "$scratch/out" 2> "$scratch/err" < /dev/null
status=$?
ok "a mistake: status" ended_with 125
ok "a mistake: is shown" run_sh_says 'kernel/lib/format\.c:[0-9]+:.* error: .*'
ok "a mistake: the last line" [ "$(tail -n 1 "$scratch/err")" = 'run.sh: the build failed' ]
ok "a mistake: no commands" [ "$(grep -c -e '-ffreestanding' "$scratch/err")" = 0 ]
ok "a mistake: little else" [ "$(wc -c < "$scratch/err")" -lt 2000 ]

# Where nobody can write, root neither.
BUILD=/proc/nestbox boot --cmdline run=hello
ok "no folder can be made: cannot" ended_with 3
ok "no folder can be made: says so" run_sh_says '/proc/nestbox: .*'
done_testing
