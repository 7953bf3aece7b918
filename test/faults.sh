#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# faults.sh [NAME]: builds and runs each deliberate bug (kernel/fault.h), or this
# one, and looks whether the test that is there for it goes red. Two at a time.
#
# The table is at the end; test/diagnostics.t has those that crash the host or
# its guest in a way that has to be reported well.
# shellcheck source=test/lib.sh disable=SC2034,SC2317 # for lib.sh, and by eval
. "$(dirname "$0")/lib.sh"

jobs=() # in the order of their output, each quoted for eval
faults=() # that the table has
declare -A passing
only=${1-}

# ---- What a row checks ----

host_test() {
	local make=(make -s --no-print-directory BUILD="$BUILD" ${FAULT:+FAULT="$FAULT"})
	local file=$BUILD${FAULT:+-fault/$FAULT}/test/host/$1

	mkdir -p "$BUILD"
	flock "$BUILD/lock" "${make[@]}" "$file" > "$scratch/err" 2>&1 &&
		CMOCKA_MESSAGE_OUTPUT=TAP "$file" > "$scratch/out" 2>> "$scratch/err"
	status=$?
}

cpus_of() {
	case $1 in
	*/*) echo "${1#*/}" ;;
	*) echo 1 ;;
	esac
}

# start MACHINE WHAT: a boot with these words, or for the machine "host" a host
# test. qemu-svm/2 is one with two CPUs.
start() {
	if [ "$1" = host ]; then
		host_test "$2"
	else
		boot --machine "${1%/*}" --cpus "$(cpus_of "$1")" --timeout 60 --cmdline "$2"
	fi
}

# Without the bug nothing may be red, or red would say nothing.
passes() {
	start "$@"
	ended_with 0 && is_red ''
}

# These tests, and no others.
is_red() {
	[ "$(sed -n 's/^not ok [0-9]* - //p' "$scratch/out" | paste -sd ' ')" = "$1" ]
}

is_faulty() {
	console_has "# nestbox .* with the deliberate bug $1"
}

# catches FAULT MACHINE WHAT TEST PATTERN...
catches() {
	local fault=$1 machine=$2 what=$3 test=$4

	shift 4
	FAULT=$fault start "$machine" "$what"
	console_in_order "$@" || return
	case $machine-$test in
	host-*) [ "$status" != 0 ] && console_has "not ok [0-9]+ - $test" ;;
	*-'run.sh') ended_with 1 && is_faulty "$fault" && is_red '' &&
		run_sh_says "${machine%/*}: FAIL, ended \(status [0-9]+\) without the end marker; .*" ;;
	*-assertion) ended_with 1 && is_faulty "$fault" && is_red '' &&
		run_sh_says "${machine%/*}: FAIL, says the kernel" ;;
	*) ended_with 1 && is_faulty "$fault" && is_red "$test" &&
		run_sh_says "${machine%/*}: FAIL, says the kernel" ;;
	esac
}

# ---- The table, and its rows ----

add() {
	jobs+=("$(printf '%q ' "$@")")
}

# caught FAULT MACHINE WHAT TEST PATTERN...: on MACHINE, with WHAT (words for the
# kernel), TEST fails and no other; the console has lines of these patterns, in
# this order. TEST is also "assertion": the kernel panics before a test can
# fail; and "run.sh": it misses the end marker. The machine "host" is this one,
# WHAT the host test that is run, and TEST one of its parts.
caught() {
	faults+=("$1")
	[ -z "$only" ] || [ "$only" = "$1" ] || return 0
	if [ -z "${passing[$2 $3]-}" ]; then
		passing[$2 $3]=yes
		add ok "$2, $3: passes without a bug" passes "$2" "$3"
	fi
	add ok "$1: caught by $4 on $2" catches "$@"
}

# A bug without a row, or a row without a bug. Those of diagnostics.t are its own.
same_names() {
	local both

	both=$(make -s list-faults | sort - "$1" | uniq -c | awk '$1 != 2 { print $2 }' | paste -sd ' ')
	[ -z "$both" ] || {
		echo "# not both in the sources and in a table: $both"
		return 1
	}
}

job() {
	local words

	number=$(($1 - 1))
	scratch=$scratch/$1
	mkdir "$scratch"
	eval "words=(${jobs[$1 - 1]})"
	"${words[@]}" > "$scratch/tap" 2>&1
	mv "$scratch/tap" "$scratch/done"
}

show_finished() {
	while [ -e "$scratch/$((shown + 1))/done" ]; do
		shown=$((shown + 1))
		cat "$scratch/$shown/done"
		! grep -q '^not ok' "$scratch/$shown/done" || failed=$((failed + 1))
	done
}

run_jobs() {
	local k shown=0

	trap 'kill $(jobs -p) 2> /dev/null; exit 143' INT TERM
	echo "1..${#jobs[@]}"
	for ((k = 1; k <= ${#jobs[@]}; k++)); do
		job "$k" &
		[ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
		show_finished
	done
	wait
	show_finished
	exit $((failed > 0))
}

wrong() {
	echo "#   WRONG: $1"
}

panic() {
	echo "# PANIC: .*assertion failed: $1"
}

by() {
	echo "#   0x[0-9a-f]{16} $1\\+0x[0-9a-f]+"
}

n='[0-9]+'
verdict='#   end: said that it is done, verdict [1-9][0-9]*, .*'

# Mappings
for machine in qemu-svm bochs-vmx; do
	caught map-write $machine run=rom rom \
		'#   end: said that it is done, verdict 2, .*' "$(wrong 'write faults: expected 1, saw 0')"
	caught map-exec $machine run=noexec noexec \
		'#   end: said that it is done, verdict 2, .*' "$(wrong 'fetch faults: expected 2, saw 1')"
	caught map-pfn $machine run=hello hello \
		'#   end: triple fault, .*' "$(wrong 'pages mapped: expected 4, saw 1')" \
		"$(wrong 'second level, gpa 0x0{6}100000, level 1, .*: maps .*')"
done
caught no-populate qemu-svm run=hello assertion \
	"$(panic 'r.error == VMM_GPT_CONFLICT .*')" "$(by aspace_fault)"
caught no-image qemu-svm run=hello hello \
	'#   end: triple fault, .*' "$(wrong 'pages mapped: expected 4, saw 1')"
caught right-unchecked qemu-svm run=rom rom \
	'#   why: hardware faults on gpa 0xffff3008 although it is mapped'

# Pages, and what becomes of them; where the checker would be quicker, without it
caught page-early qemu-svm 'run=hello check=none' hello \
	"$(wrong 'second level, gpa 0x0{6}100000, level 1, .*: maps .*')"
caught page-kept qemu-svm run=hello hello "$(wrong "free pages after it: expected $n, saw $n")"
caught table-kept qemu-svm run=hello hello "$(wrong "free pages after it: expected $n, saw $n")"
caught page-dirty qemu-svm run=hello host-allocator \
	'# host-allocator: a new page is not all zeroes'
caught no-vacate qemu-svm 'run=hello check=none' hello \
	"$(wrong 'table pages left after vacating: expected 0, saw 3')"

# Leaves, and what hardware left in them
for machine in qemu-svm bochs-vmx; do
	caught leaf-small $machine 'run=touch leaf=2m' touch \
		"$(wrong 'read faults: expected 130, saw 640')" "$(wrong '2 MiB: expected 18, saw 0')"
	caught dirty-early $machine run=rom rom \
		"$(wrong 'the leaf of 4 KiB at 0x0000ffff0000 is dirty, and nobody wrote to it')"
done
caught ad-off bochs-vmx run=hello hello \
	"$(wrong 'the leaf of 4 KiB at 0x000000100000 was touched, and is not accessed')" \
	"$(wrong 'the leaf of 4 KiB at 0x000000100000 was written to, and is not dirty')"
caught map-twice qemu-svm 'run=hello check=none' hello \
	"$(wrong 'second level, gpa 0x000000101000, level 1, .*: maps a block that belongs elsewhere')"
caught table-leaked qemu-svm run=hello hello \
	"$(wrong 'table pages: 4 are accounted for, and 8 are in use')"
caught split-block qemu-svm 'run=large leaf=2m' assertion \
	'# PANIC: page 0x[0-9a-f]+ of kind .* is joined as .*' "$(by pages_join)"

# Flushes: the ledger of kernel/tlb.h
caught flush-vmx bochs-vmx run=hello assertion \
	"$(panic 'cpu->serial == root->serial .*')" "$(by prepare_and_enter)"
caught flush-svm qemu-svm run=hello assertion \
	"$(panic 'cpu->serial == root->serial .*')" "$(by svm_vcpu_enter)"
caught flush-mark qemu-svm run=hello assertion "$(panic 'tlb_owes.*')" "$(by svm_invalidate)"
caught flush-mark bochs-vmx run=hello assertion "$(panic 'tlb_owes.*')" "$(by aspace_fini)"
for machine in qemu-svm bochs-vmx; do
	caught release-early $machine run=hello assertion "$(panic 'tlb_owes.*')" "$(by aspace_fini)"
done

# Turns, and a vCPU that wanders
caught flush-vain qemu-svm run=turns turns "$(wrong 'flushes made: expected [0-9]+, saw [0-9]+')"
for machine in qemu-svm bochs-vmx; do
	caught root-reused $machine run=turns assertion '# PANIC: tlb check: CPU 0 enters root .*'
done
caught kernel-gs-left bochs-vmx/2 run=wander wander '#   end: said that it is done, verdict 22, .*'

# Kicks by NMI that hit the way into the guest
deaf='# PANIC: CPU 1 was kicked, and does not leave the guest'
caught nmi-window bochs-vmx/2 run=deaf assertion "$deaf"
caught kick-lost-vmx bochs-vmx/2 run=deaf assertion "$deaf"
caught kick-lost-svm bochs-svm/2 run=deaf assertion "$deaf"

# CPUs that share a table: what the checker sees, and what the guest sees
for machine in qemu-svm/2 bochs-vmx/2 bochs-svm/2; do
	caught no-kick $machine run=stale stale '#   vCPU 1: end: said that it is done, verdict 1, .*'
	caught no-ack $machine run=shoot assertion '# PANIC: tlb check: .*'
	caught no-generation $machine run=stale assertion '# PANIC: tlb check: a change is complete .*'
	caught no-limbo $machine run=shoot assertion '# PANIC: tlb check: .*'
	case $machine in
	*vmx*) bug=no-invept ;;
	*) bug=no-tlb-control ;;
	esac
	caught $bug $machine run=hello assertion \
		'# PANIC: tlb check: CPU 0 enters root .* for the first time, and without a flush'
	caught no-section $machine run=hello assertion \
		'# PANIC: tlb check: CPU 0 reads an entry of root .*, but is not in a section, .*'
	caught window-open $machine run=shoot assertion '# PANIC: tlb check: .*'
	caught table-early $machine 'run=kicks leaf=2m' assertion '# PANIC: tlb check: .*'
	caught root-reused $machine run=race,stale assertion \
		'# PANIC: tlb check: CPU [01] enters root .* without a flush.*'
done

# Exits, decoded
while read -r vendor machine walks; do
	caught "access-$vendor" "$machine" run=walk walk \
		"$(wrong 'read faults: expected 1, saw 50')" "$(wrong 'write faults: expected 49, saw 0')"
	caught "walk-$vendor" "$machine" run=walk walk \
		"$(wrong "$walks")" "$(wrong 'page-walk faults: expected 53, saw 0')"
	caught "present-$vendor" "$machine" run=rom rom \
		'#   end: touched .*: write of gpa 0x0000ffff3008, not mapped, .*' \
		"$(wrong 'expected as its end: .* 0x0000ffff3008, mapped')"
done <<- 'END'
	vmx bochs-vmx write faults: expected 49, saw 102
	svm qemu-svm write faults: expected 49, saw 102
END

# Events
for machine in qemu-svm bochs-vmx; do
	caught event-lost $machine run=inject inject "$verdict" \
		"$(wrong 'read faults: expected 5, saw 2')" # the first fault was the last
done
caught event-early qemu-svm run=inject inject "$verdict" \
	"$(wrong 'interrupt windows: expected 1, saw 0')"
caught event-early bochs-vmx run=inject inject \
	'#   why: .*an interrupt is to be injected while RFLAGS.IF is 0 .*'
caught shadow-vmx bochs-vmx run=inject inject \
	'#   why: .*an interrupt is to be injected in the shadow of STI or MOV SS .*'

# The guest's state
caught register-vmx bochs-vmx run=regs regs '#   end: said that it is done, verdict 114, .*'
caught register-svm qemu-svm run=regs regs '#   end: said that it is done, verdict 212, .*'
for machine in qemu-svm bochs-vmx; do # what probe left there
	caught fx-left $machine run=probe,regs regs '#   end: said that it is done, verdict 118, .*'
done
caught cr3-vmx bochs-vmx run=hello hello '#   end: touched .*: page walk of gpa 0x0{12}, .*'
caught cr3-svm qemu-svm run=hello hello '#   end: touched .*: page walk of gpa 0x0{12}, .*'
caught pdptes-vmx bochs-vmx run=modes modes \
	'#   end: triple fault, .*' "$(wrong 'page-walk faults: expected 6, saw 2')"
caught efer-vmx bochs-vmx run=modes modes \
	'#   why: .*EFER.LMA is not what the IA-32e mode control says .*'
caught efer-svm qemu-svm run=modes modes \
	'#   end: triple fault, .*' "$(wrong 'MSR accesses: expected 5, saw 1')"

# What guests may do, what is believed, and which machines are taken
caught cpuid-shown qemu-svm run=probe probe "$verdict" "$(wrong 'CPUID: expected 28, saw 2')"
caught cr-allowed bochs-vmx run=probe probe "$verdict" \
	"$(wrong 'control register accesses: expected 29 to 98, saw 13')"
caught msrs-vmx bochs-vmx run=probe probe "$verdict" "$(wrong "MSR accesses: expected 131, saw 0")"
caught msrs-svm qemu-svm run=probe probe "$verdict" "$(wrong "MSR accesses: expected 131, saw 0")"
caught ports-svm qemu-svm run=hello hello "$(wrong 'port accesses: expected 18, saw 0')" \
	"$(wrong 'expected as output "hello from inside\\n", saw ""')"
caught rex-lost host test_insn mov_cr_registers
caught probe-svm host test_probe amd_lacks
caught probe-vmx host test_probe intel_ept
caught reserved-used host test_memmap reserved_wins
caught map-wraps host test_bootinfo map_entries_do_not_wrap

# The report
# The page table: each kind of proof, and a bug of its kind. (gpt-count: diagnostics.t.)
caught gpt-protect-flush host test_gpt_model random_scripts '# to replay: GPT_SCRIPT=.*'
caught gpt-split-clean host test_gpt_hw 'dirty EPT' '.*: a CPU wrote, and nobody knows'
caught gpt-unmap-no-flush host test_gpt_hw 'scripts EPT' '.*: a flush was not asked for'
caught gpt-merge host test_gpt_small2 'A and D, two rights'
caught gpt-link-first host test_gpt_inter 'every pair EPT' \
	'.*: no order of the operations answers so, .*'
caught gpt-merge-hot host test_gpt_threads 'threads race, (EPT|nPT)'
caught gpt-reserve host test_gpt_nomem 'every table is missing once, ept'
caught gpt-unmap-store host test_gpt_hw 'dirty EPT' '.*: a CPU wrote, and nobody knows'
caught gpt-grace host test_gpt_large 'grace_waits_for_old_sections_only EPT' \
	'.*vmm_gpt_grace_over.*'

caught end-cut qemu-svm run=hello run.sh 'ok [0-9]+ - hello'

mapfile -t diagnosed < <(sed -n 's/^ok .* [a-z]*_with \([a-z-]*\) .*/\1/p' test/diagnostics.t)
if [ -z "$only" ]; then
	printf '%s\n' "${faults[@]}" "${diagnosed[@]}" | sort -u > "$scratch/rows"
	add ok 'the sources and the tables have the same bugs' same_names "$scratch/rows"
elif [ ${#jobs[@]} = 0 ]; then
	echo "faults.sh: no row for \"$only\"; there are:" \
		"$(printf '%s\n' "${faults[@]}" | sort -u | paste -sd ' ');" \
		"test/diagnostics.t has ${diagnosed[*]}" >&2
	exit 2
fi
run_jobs
