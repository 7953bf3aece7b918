#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# releases.sh RELEASE...: README's two commands in a bare root of each of these
# Debian releases (bookworm, trixie, forky, ...), as a new user would run them:
# as root, from a clean clone of HEAD, with nothing of this system but a fresh
# /proc, and without a terminal. Needs root, debootstrap, git, and some minutes.
#
#	ROOTS=FOLDER	keeps the bare roots there, as they were made; runs use a copy
#	MIRROR=URL	(default: http://deb.debian.org/debian)
#	LIMIT=3600	seconds for each command
#	JOBS, SLOW	are passed on
#
# What the commands said stays in build/releases/RELEASE.log, and what the tests
# that failed said in the folder build/releases/RELEASE.
# Status: 0 all are green, 1 one is not, 2 usage, 3 cannot be tried here.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 3
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
mirror=${MIRROR:-http://deb.debian.org/debian}
limit=${LIMIT:-3600}
logs=${BUILD:-build}/releases

die() {
	echo "releases.sh: $2" >&2
	exit "$1"
}

[ $# -gt 0 ] || die 2 "usage: test/releases.sh RELEASE..., for example: bookworm trixie"
for release; do
	[[ $release =~ ^[a-z]+$ ]] || die 2 "\"$release\" is no name of a release"
done
[ "$(id -u)" = 0 ] || die 3 "cannot be tried here: this is not root"
for needed in debootstrap git unshare setpriv; do
	command -v $needed > /dev/null || die 3 "cannot be tried here: $needed is not installed"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/nestbox-releases.XXXXXX") || exit 3
roots=${ROOTS:-$work/roots}
mkdir -p "$roots" "$logs" || exit 3
roots=$(cd "$roots" && pwd) logs=$(cd "$logs" && pwd)
fresh=$roots/.new.$$ child=

# Mounts and processes are in namespaces of their own, and end with their first process.
# shellcheck disable=SC2317 # by trap
cleanup() {
	[ -z "$child" ] || { kill -KILL "$child" && wait; } 2> /dev/null
	rm -rf --one-file-system "$work" "$fresh"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# apart COMMAND...: in such namespaces, for a limited time; in the background,
# as a signal to us would have to wait else. The shell is there to reap orphans.
apart() {
	local status

	# shellcheck disable=SC2016 # the inner shell's
	setpriv --pdeathsig KILL timeout --foreground -s KILL "$limit" \
		setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
		sh -c 'setsid --wait "$@"; exit $?' - "$@" < /dev/null &
	child=$!
	wait "$child"
	status=$?
	child=
	return "$status"
}

# in_root COMMAND: a line of shell, as root of the copy.
in_root() {
	# shellcheck disable=SC2016 # the inner shell's
	apart sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" env -i HOME=/root TERM=dumb \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		JOBS="$3" SLOW="$4" sh -c "cd /root/nestbox && $2"' - \
		"$work/root" "$1" "${JOBS:-2}" "${SLOW:-1}"
}

# The cache never has half a root. A release that debootstrap does not
# know is made as sid is.
bare_root() {
	local script=/usr/share/debootstrap/scripts/$1

	[ ! -d "$roots/$1" ] || return 0
	[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
	apart debootstrap --variant=minbase "$1" "$fresh" "$mirror" "$script" \
		> "$log" 2>&1 && mv "$fresh" "$roots/$1"
}

# The mirror may be one of a day long ago: its lists are not refused for their age.
prepare() {
	rm -rf --one-file-system "$work/root"
	cp -a "$roots/$1" "$work/root" &&
		cp /etc/resolv.conf "$work/root/etc/resolv.conf" &&
		echo 'Acquire::Check-Valid-Until "false";' > "$work/root/etc/apt/apt.conf.d/99releases" &&
		git clone -q . "$work/root/root/nestbox"
}

# try COMMAND: its verdict and its time are shown, all else goes to the log.
try() {
	local begun=$SECONDS status

	in_root "$1" > "$work/said" 2>&1
	status=$?
	{ echo "== $1"; cat "$work/said"; } >> "$log"
	grep -E '^run\.sh: .*[A-Z]{4}|^(not ok|# nestbox end|Result:)|WRONG:|Failed test|Non-zero exit' \
		"$work/said" | tail -n 40 | sed 's/^/    /'
	echo "  $1: status $status, $((SECONDS - begun)) s"
	return "$status"
}

# shellcheck disable=SC2016 # dpkg's own
versions='dpkg-query -W -f "\${Package} \${Version}\n" gcc nasm grub-common \
	qemu-system-x86 bochs libcmocka-dev python3 2> /dev/null'

red=0
for release; do
	log=$logs/$release.log
	rm -rf "${log%.log}"
	: > "$log"
	echo "$release, $(git describe --always HEAD):"
	bare_root "$release" || die 3 "no bare root of $release could be made: $log"
	prepare "$release" || exit 3
	try './run.sh' || red=1
	try './run.sh test' || red=1
	[ ! -d "$work/root/root/nestbox/build/log" ] ||
		cp -rT "$work/root/root/nestbox/build/log" "$logs/$release"
	in_root "$versions" | tee -a "$log" | sed 's/^/  /'
done
exit $red
