#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds, boots and tests nestbox. This is only the entrance: what is missing is
# installed here, and all the rest is test/harness.
set -u
NESTBOX_PWD=$PWD
export NESTBOX_PWD
cd "$(dirname "$0")" || exit 3

usage() {
	cat <<-'END'
		./run.sh [OPTION...]          build, boot, one line for each test
		./run.sh test [NAME...]       run all tests; or these machines and tests
		./run.sh list                 the machines and the guests
		./run.sh debug [GDB'S...]     QEMU stopped, gdb attached: docs/debugging.md

		  --machine NAME      default: kvm where it works, else qemu-svm
		  --firmware bios|uefi  default: bios; uefi: not with Bochs
		  --memory MIB        of the machine, also 2G; default: 128
		  --cpus N            of the machine; default: 1
		  --cmdline "WORDS"   for the kernel: run=NAME,... trace; docs/running.md
		  --timeout SECONDS   without a new line, then it is killed; default: 120
		  --migrate N         kvm-svm, kvm-vmx: N times, by seed=, the VM is taken
		                      apart and goes on as a new one
		  --log FILE          the whole log goes there
		  --iso FILE          boot this ISO of nestbox's, not the one built here
		  -v, --verbose       show the whole log
		  --no-install        install nothing; say what is missing

		What is missing is installed with apt-get, if this is root or there is sudo.
		SLOW=N ./run.sh ... multiplies all limits of time, for slow or busy hosts.
		KVM_LINUX=VERSION|DIR|bzImage[:MODULES] is booted in kvm-svm and kvm-vmx;
		default: this Debian's cloud kernel. KVM_PARAMS="kvm.NAME=VALUE ..." are its.
		Status: 0 pass, 1 fail, 2 usage, 3 cannot run here or refused, 4 the log is
		incomplete, 124 time-out, 125 did not build.
	END
}

say() {
	echo "run.sh: $*" >&2
}

# install PACKAGE...
install() {
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	for tool in apt-get $sudo; do
		command -v "$tool" > /dev/null || return
	done
	say "installing: $*"
	log=$(mktemp) || exit 3
	if ! $sudo apt-get update > "$log" 2>&1 < /dev/null ||
		! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y \
			--no-install-recommends "$@" > "$log" 2>&1 < /dev/null; then
		cat "$log" >&2
		say "apt-get could not install $*"
	fi
	rm -f "$log"
}

harness() {
	verb=$1
	shift
	python3 -B test/harness "$verb" "$@"
}

may_install=yes
[ "${1-}" != help ] || set -- --help
for word; do
	case $word in
	--help | -h) usage && exit ;;
	--no-install) may_install=no ;;
	esac
done
if [ $may_install = yes ]; then
	command -v python3 > /dev/null || install python3
fi
command -v python3 > /dev/null || {
	say "not installed: python3 (3.11 or newer)"
	exit 3
}
if [ $may_install = yes ]; then
	missing=$(harness needs "$@") || exit
	# shellcheck disable=SC2086 # words
	[ -z "$missing" ] || install $missing
fi
exec python3 -B test/harness run "$@"
