#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# gpt/ can be taken elsewhere: a copy of it alone, under another name, is built and
# run as its README says.
# shellcheck source=test/lib.sh disable=SC2317 # ok calls functions
. "$(dirname "$0")/lib.sh"

cp -r gpt "$scratch/taken-out"
rm -f "$scratch/taken-out/example/example"
sed -n '/^## Try it/,/^## /s/^    //p' gpt/README.md > "$scratch/commands"

as_its_readme_says() {
	(cd "$scratch/taken-out" && env -i PATH="$PATH" bash -e "$scratch/commands") \
		> "$scratch/out" 2> "$scratch/err"
	status=$?
}

says_of() {
	sed -n "/^$1: /,/^[a-zA-Z]*: /p" "$scratch/out" | grep -qE -- "$2"
}

includes_only_itself() {
	! grep -hE '^#include "' "$scratch"/taken-out/*.[ch] | grep '/' > "$scratch/out"
}

ok "the README has commands" grep -q '^cc ' "$scratch/commands"
as_its_readme_says
ok "they end well" ended_with 0
ok "it is what was built from the copy" [ -x "$scratch/taken-out/example/example" ]
for format in EPT nPT; do
	ok "$format: two large leaves" says_of $format '2 leaves of 2 MiB, rwx'
	ok "$format: split, and half of it read-only" says_of $format '256 leaves of 4 KiB, r-x, dirty'
	ok "$format: tables to be given back" says_of $format '4 tables to be given back'
done
ok "EPT: the root" console_has 'EPT: EPTP 0x[0-9a-f]{13}05e'
ok "nPT: the root" console_has 'nPT: nCR3 0x[0-9a-f]{13}000'
ok "all as it has to be" console_has 'all as it has to be'
ok "it includes nothing but itself" includes_only_itself
done_testing
