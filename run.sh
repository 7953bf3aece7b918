#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds, boots and tests nestbox. See ./run.sh --help.
set -u -o pipefail
cd "$(dirname "$0")" || exit 3
. test/machines.sh
export LC_ALL=C

BUILD=${BUILD:-build}
PASS=0 FAIL=1 USAGE=2 CANNOT=3 TIMED_OUT=124

usage() {
	cat <<-END
		./run.sh [OPTION...]          build, boot, and show the console
		./run.sh test [MACHINE...]    run all tests; only the boot of these machines
		./run.sh list                 the machines and the guests
		./run.sh debug [GDB'S...]     QEMU stopped, gdb attached: docs/debugging.md

		  --machine NAME      ${machines[*]}
		                      (default: kvm where it works, else qemu-svm)
		  --firmware bios|uefi  (default: bios; uefi: not with Bochs)
		  --memory MIB        of the machine (default: 128)
		  --cpus N            of the machine (default: 1)
		  --cmdline "WORDS"   more words for the kernel: run=NAME,... trace
		  --timeout SECONDS   then the machine is killed (default: 120)
		  --log FILE          the console also goes there
		  --no-install        install nothing; say what is missing

		What is missing is installed with apt-get, if this is root or there is sudo.
		Status: 0 pass, 1 fail, 2 usage, 3 cannot run here or refused, 124 time-out.
	END
}

say() {
	echo "run.sh: $*" >&2
}

die() {
	local status=$1

	shift
	say "$*"
	exit "$status"
}

# ---- What has to be installed ----

# WITNESS=PACKAGE: a command, or a file.
build_needs() {
	echo nasm=nasm gcc=gcc make=make ld=binutils objcopy=binutils \
		grub-mkrescue=grub-common xorriso=xorriso mformat=mtools \
		/usr/lib/grub/i386-pc/multiboot2.mod=grub-pc-bin \
		/usr/lib/grub/x86_64-efi/multiboot2.mod=grub-efi-amd64-bin
}

test_needs() {
	echo prove=perl gdb=gdb /usr/include/stdio.h=libc6-dev /usr/include/cmocka.h=libcmocka-dev
}

# missing WITNESS=PACKAGE...: the packages that are not there.
missing() {
	local need witness

	for need; do
		witness=${need%=*}
		case $witness in
		/*) [ -e "$witness" ] ;;
		*) command -v "$witness" > /dev/null ;;
		esac || echo "${need#*=}"
	done | sort -u
}

# install WITNESS=PACKAGE...
install() {
	local packages as_root=()

	mapfile -t packages < <(missing "$@")
	[ ${#packages[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	if [ "$may_install" = no ] || ! command -v apt-get "${as_root[@]}" > /dev/null ||
		{ [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null; }; then
		say "not installed: ${packages[*]}"
		die $CANNOT "as root: apt-get install --no-install-recommends ${packages[*]}"
	fi
	say "installing: ${packages[*]}"
	if ! quietly "${as_root[@]}" apt-get update ||
		! quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "${packages[@]}"; then
		die $CANNOT "apt-get could not install ${packages[*]}"
	fi
	mapfile -t packages < <(missing "$@")
	[ ${#packages[@]} = 0 ] || die $CANNOT "installed, but still not to be found: ${packages[*]}"
}

# Shows what a command says only if it fails.
quietly() {
	"$@" > "$dir/quiet" 2>&1 < /dev/null || {
		cat "$dir/quiet" >&2
		return 1
	}
}

# ---- Building ----

# One at a time in a build folder, however many runs there are.
build() {
	mkdir -p "$BUILD"
	(
		flock 9
		unset MAKEFLAGS MFLAGS # not the jobs of a make that calls us
		quietly make --no-print-directory -j "$(nproc)" BUILD="$BUILD" "$@"
	) 9> "$BUILD/lock" || die $FAIL "the build failed"
}

# The ISO that starts the kernel with these words, built; its name is put into iso.
# FAULT in the environment: one with that deliberate bug.
build_iso() {
	local quoted

	iso=$BUILD${FAULT:+-fault/$FAULT}/iso/$(printf '%s' "$1" | sha256sum | cut -c 1-16).iso
	quoted=${1//\\/\\\\} # in double quotes in make's shell; $ also by make
	quoted=${quoted//\"/\\\"}
	quoted=${quoted//\`/\\\`}
	quoted=${quoted//\$/\\\$\$}
	mkdir -p "${iso%/*}"
	build iso ISO="$iso" CMDLINE="$quoted"
}

# ---- Booting ----

children=()

# Whatever happens, nothing of ours runs on: also not if we are killed
# ourselves, which is what setpriv is for.
cleanup() {
	[ ${#children[@]} = 0 ] || kill -KILL "${children[@]}" 2> /dev/null
	wait
	rm -rf "$dir"
}

interrupted() {
	trap '' INT TERM HUP
	[ -z "${tests:-}" ] || kill -TERM -- "-$tests"
	say "interrupted"
	exit $((128 + $1))
}

# The console as it comes, from the kernel's first line on.
follow() {
	tail -s 0.1 -c +1 -f --pid="$1" "$dir/serial" 2> /dev/null |
		perl -ne 'BEGIN { $| = 1 } s/\r//g; s/^.*(TAP version 13)$/$1/ and $begun = 1;
			print if $begun' | tee "$dir/console" ${log:+"$log"}
}

# Starts command, waits for its end; its status is put into status.
start() {
	local emulator clock follower ended

	: > "$dir/serial"
	setpriv --pdeathsig KILL "${command[@]}" < /dev/null > "$dir/output" 2>&1 &
	emulator=$!
	children+=("$emulator")
	follow "$emulator" &
	follower=$!
	setpriv --pdeathsig KILL sleep "$timeout" &
	clock=$!
	children+=("$clock")
	wait -n -p ended "$emulator" "$clock"
	status=$?
	if [ "$ended" = "$clock" ]; then
		status=$TIMED_OUT
		kill -KILL "$emulator"
		wait "$emulator"
	else
		kill -KILL "$clock"
		wait "$clock"
	fi 2> /dev/null
	children=()
	wait "$follower"
}

# What is known of a machine that went wrong.
show_trouble() {
	if [ ! -s "$dir/console" ]; then
		say "the kernel said nothing; before it came:"
		tr -d '\r\033' < "$dir/serial" | tail -n 20 >&2
	fi
	# Bochs's screen, too: blank, and without an end of line
	tr '\r\033' '\n ' < "$dir/output" | grep -sv '^ *$' | tail -n 10 >&2
	grep -sA 40 'PANIC' "$dir/bochs.log" | grep -sv '^$' | head -n 45 >&2
}

# A verdict counts if it is the last line and the machine's status says the same.
judge() {
	local name=$1 last verdict

	last=$(tail -n 1 "$dir/console")
	verdict=$(sed -n 's/^# nestbox end \([A-Z]*\) .*/\1/p' <<< "$last")
	if [ "$status" = $TIMED_OUT ]; then
		show_trouble
		die $TIMED_OUT "$name: TIME-OUT after $timeout s; last line: $last"
	elif [ -z "$verdict" ]; then
		show_trouble
		die $FAIL "$name: FAIL, ended (status $status) without the end marker; last line: $last"
	elif [ "$status" != "$(machine_status "$name" "$verdict")" ]; then
		show_trouble
		die $FAIL "$name: FAIL, the end marker says $verdict, but the status is $status"
	fi
	case $verdict in
	PASS) die $PASS "$name: PASS" ;;
	FAIL) die $FAIL "$name: FAIL, says the kernel" ;;
	REFUSED) die $CANNOT "$name: REFUSED, the kernel cannot run on this CPU" ;;
	esac
}

boot() {
	local obstacle words command status iso

	if [ -z "$machine" ]; then
		machine=qemu-svm
		[ -n "$(machine_obstacle kvm)" ] || machine=kvm
	fi
	obstacle=$(machine_obstacle "$machine")
	[ -z "$obstacle" ] || die $CANNOT "$machine cannot run here: $obstacle"
	# shellcheck disable=SC2046 # words
	install $(build_needs) $(machine_needs "$machine" "$firmware")
	words="exit=$(machine_exit "$machine")${machine_known[$machine]:+ known=${machine_known[$machine]}}"
	words+="$(machine_facts "$machine") check=tlb"
	build_iso "$words${cmdline:+ $cmdline}"
	machine_command "$machine" "$iso" "$memory" "$dir" "$firmware" "$cpus"
	start
	judge "$machine"
}

# ---- Testing ----

# All, or the boots of the machines that are named.
run_tests() {
	local chosen=("$@") files=() name needs obstacle

	needs=$(build_needs; test_needs)
	for name in "${chosen[@]}"; do
		obstacle=$(machine_obstacle "$name")
		[ -z "$obstacle" ] || die $CANNOT "$name cannot run here: $obstacle"
	done
	for name in "${chosen[@]:-${machines[@]}}"; do
		needs+=" $(machine_needs "$name" uefi)"
	done
	# shellcheck disable=SC2086 # words
	install $needs
	say "building"
	if [ ${#chosen[@]} -gt 0 ]; then
		build iso
		for name in "${chosen[@]}"; do
			[ -e "test/$name.t" ] || name=refuse
			files+=("test/$name.t")
		done
		say "left out: the host tests, the other machines, and the other tests"
	else
		build iso host-tests
		mapfile -t files < <(make -s --no-print-directory BUILD="$BUILD" list-tests)
	fi
	set -m # a process group of its own, so that it can be ended as a whole
	BUILD=$BUILD test/prove.sh "${files[@]}" < /dev/null &
	tests=$!
	set +m
	wait "$tests"
	status=$?
	tests=
	[ "$status" = 0 ] || exit $FAIL
}

list() {
	local name note guest title

	echo "machines:"
	for name in "${machines[@]}"; do
		note=$(machine_obstacle "$name")
		# shellcheck disable=SC2046 # words
		[ -n "$note" ] || note=$(missing $(build_needs) $(machine_needs "$name" bios) | paste -sd ' ')
		case $note in
		'') ;;
		*' '*' '*) note="cannot run here: $note" ;;
		*) note="not installed: $note" ;;
		esac
		printf '  %-13s %s%s\n' "$name" "${machine_about[$name]}" "${note:+ ($note)}"
	done
	echo "guests, in the order they run:"
	grep -o '&guest_[a-z0-9_]*' guest/guests.c | while read -r guest; do
		guest=${guest#&guest_}
		title=$(sed -n '/^\t\.title = "/{s/.*= "\(.*\)",$/\1/p;q}' "guest/$guest/expect.c" 2> /dev/null)
		printf '  %-13s %s\n' "$guest" "$title"
	done
}

# ---- The command line ----

# check_number OPTION VALUE LEAST MOST
check_number() {
	if ! [[ $2 =~ ^[0-9]{1,9}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
		die $USAGE "$1 \"$2\": a number from $3 to $4"
	fi
}

check_machine() {
	local name

	for name in "${machines[@]}"; do
		[ "$1" != "$name" ] || return 0
	done
	die $USAGE "unknown machine \"$1\"; known are: ${machines[*]}"
}

# Its options and gdb's are debug.sh's own to read.
if [ "${1-}" = debug ]; then
	shift
	dir=$(mktemp -d "${TMPDIR:-/tmp}/nestbox.XXXXXX") || exit $CANNOT
	may_install=yes
	# shellcheck disable=SC2046 # words
	install $(build_needs) $(machine_needs qemu-svm) gdb=gdb
	rm -rf "$dir"
	exec test/debug.sh "$@"
fi

what=boot machine='' firmware=bios memory=128 cpus=1 cmdline='' timeout=120 log='' may_install=yes
operands=() given=()
while [ $# -gt 0 ]; do
	case $1 in
	--machine | --firmware | --memory | --cpus | --cmdline | --timeout | --log)
		[ $# -gt 1 ] || die $USAGE "$1 needs a value; see ./run.sh --help"
		declare "${1#--}=$2"
		given+=("$1")
		shift
		;;
	--no-install) may_install=no ;;
	--help | -h) usage && exit ;;
	-*) die $USAGE "unknown option \"$1\"; known are: --machine, --firmware, --memory, --cpus," \
		"--cmdline, --timeout, --log, --no-install, --help" ;;
	*) operands+=("$1") ;;
	esac
	shift
done

if [ ${#operands[@]} -gt 0 ]; then
	what=${operands[0]}
	operands=("${operands[@]:1}")
	case $what in
	test | list) ;;
	*) die $USAGE "unknown word \"$what\"; known are: test, list, debug" ;;
	esac
	[ ${#given[@]} = 0 ] || die $USAGE "${given[0]} does not go with $what"
fi
[ -z "$machine" ] || check_machine "$machine"
case $firmware in
bios) ;;
uefi) [[ $machine != bochs* ]] || die $USAGE "--firmware uefi: not with Bochs" ;;
*) die $USAGE "unknown firmware \"$firmware\"; known are: bios, uefi" ;;
esac
check_number --cpus "$cpus" 1 "$(machine_cpus_max "${machine:-qemu-svm}")"
# shellcheck disable=SC2046 # two words
check_number --memory "$memory" $(machine_memory_range "${machine:-qemu-svm}")
check_number --timeout "$timeout" 1 86400
memory=$((10#$memory)) cpus=$((10#$cpus)) timeout=$((10#$timeout))
case $cmdline in
*[![:print:]]*) die $USAGE "--cmdline: only printable ASCII characters" ;;
esac
case $log in
'' | /*) ;;
*) log=$OLDPWD/$log ;;
esac
[ -z "$log" ] || : > "$log" || die $USAGE "--log \"$log\" cannot be written"

dir=$(mktemp -d "${TMPDIR:-/tmp}/nestbox.XXXXXX") || exit $CANNOT
trap cleanup EXIT
trap 'interrupted 2' INT
trap 'interrupted 15' TERM
trap 'interrupted 1' HUP

case $what in
boot) boot ;;
test)
	for operand in "${operands[@]}"; do
		check_machine "$operand"
	done
	run_tests "${operands[@]}"
	;;
list)
	[ ${#operands[@]} = 0 ] || die $USAGE "unknown word \"${operands[0]}\" behind list"
	list
	;;
esac
