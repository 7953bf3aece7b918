#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# mkiso.sh KERNEL ISO MODULES CMDLINE
# Makes a hybrid ISO for BIOS and UEFI whose only menu entry starts KERNEL with CMDLINE. It has
# a file of empty lines after a mark, over which commands for GRUB may be written; grub.cfg
# runs it only if the "#" before that is overwritten, too.
set -euf # f: no globbing, since words may contain a *
kernel=$1 iso=$2 modules=$3 cmdline=$4
here=$(dirname "$0")
work=$(mktemp -d "${iso%.iso}.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/tree
export TMPDIR="$work" # where grub-mkrescue leaves its files if it is interrupted

mkdir -p "$tree/boot/grub"
objcopy --strip-debug "$kernel" "$tree/boot/nestbox"
# GRUB's own quoting: a word in double quotes, with \ before ", $ and \.
quoted=
for word in $cmdline; do
	quoted="$quoted \"$(printf '%s' "$word" | sed 's/[\\"$]/\\&/g')\""
done
export quoted
awk 'BEGIN { print "#nestbox commands:"; for (i = 0; i < 16384; i++) print "" }' \
	> "$tree/boot/grub/commands.cfg"
awk '{
	at = index($0, " @CMDLINE@")
	if (at) $0 = substr($0, 1, at - 1) ENVIRON["quoted"]
	print
}' "$here/grub.cfg.in" > "$tree/boot/grub/grub.cfg"
if ! grub-mkrescue --install-modules="$modules" --fonts= --locales= --themes= \
	-o "$work/iso" "$tree" > "$work/log" 2>&1; then
	cat "$work/log" >&2
	exit 1
fi
mv "$work/iso" "$iso"
