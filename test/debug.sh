#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# debug.sh [--cmdline "WORDS"] [--memory MIB] [--timeout SECONDS] [GDB'S ARGUMENT...]
#
# Builds, starts QEMU (SVM) stopped before its first instruction, and attaches
# gdb with nestbox's symbols and commands (test/gdb/nestbox.gdb). When gdb ends,
# so does QEMU, and after SECONDS (an hour) in any case. With FAULT=NAME in the
# environment it is the build with that deliberate bug. Status: gdb's; 3 if
# something is missing.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 3

BUILD=${BUILD:-build}
cmdline='' memory=128 timeout=3600
while [ $# -gt 1 ]; do
	case $1 in
	--cmdline | --memory | --timeout) declare "${1#--}=$2" ;;
	*) break ;;
	esac
	shift 2
done

for needed in gdb=gdb qemu-system-x86_64=qemu-system-x86; do
	command -v "${needed%=*}" > /dev/null || {
		echo "debug.sh: ${needed%=*} is not installed; as root: apt-get install ${needed#*=}" >&2
		exit 3
	}
done

dir=$(mktemp -d) || exit 3
qemu=
cleanup() {
	[ -z "$qemu" ] || kill "$qemu" 2> /dev/null # timeout passes it on
	wait
	rm -rf "$dir"
}
trap cleanup EXIT

CMDLINE="exit=qemu $cmdline" make -s -j "$(nproc)" BUILD="$BUILD" ISO="$dir/nestbox.iso" iso \
	> "$dir/make" 2>&1 || {
	cat "$dir/make" >&2
	exit 1
}

# timeout also gives it a process group of its own: ^C is for gdb alone.
timeout -s KILL "$timeout" setpriv --pdeathsig KILL qemu-system-x86_64 -machine q35 -cpu max \
	-m "$memory" -display none -monitor none -net none -no-reboot -serial "file:$dir/serial" \
	-device isa-debug-exit,iobase=0xf4,iosize=4 -cdrom "$dir/nestbox.iso" \
	-S -gdb "unix:$dir/gdb,server=on,wait=off" < /dev/null &
qemu=$!
for ((i = 0; i < 100; i++)); do
	[ ! -S "$dir/gdb" ] || break
	kill -0 "$qemu" 2> /dev/null || exit 3
	sleep 0.1
done
NESTBOX_SERIAL=$dir/serial setpriv --pdeathsig KILL gdb -q -x test/gdb/nestbox.gdb \
	-ex "nestbox-connect $dir/gdb" "$@" "$BUILD${FAULT:+-fault/$FAULT}/nestbox.elf"
