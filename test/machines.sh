# shellcheck shell=bash disable=SC2034 # run.sh uses the tables
# SPDX-License-Identifier: BSD-2-Clause
#
# The machines that nestbox is started on. Sourced by run.sh.
#
# A row: name, emulator, CPU, tests known to fail there (known= on the kernel's
# command line), what it covers. bochs-svm: a guest that is entered with
# interrupts off and never exits by itself cannot be got out of Bochs's SVM.

ovmf=/usr/share/ovmf/OVMF.fd
machines=()
declare -A machine_emulator machine_cpu machine_known machine_about

machine() {
	machines+=("$1")
	machine_emulator[$1]=$2
	machine_cpu[$1]=$3
	machine_known[$1]=$4
	machine_about[$1]=$5
}

machine qemu-svm      qemu  max                     ''   'QEMU (TCG): SVM with nested paging'
machine qemu-icount   qemu  max                     ''   'the same, and its TSC counts instructions'
machine bochs-vmx     bochs corei7_skylake_x        ''   'Bochs: VMX with EPT, all of it'
machine bochs-svm     bochs ryzen                   spin,triple 'Bochs: SVM, a second implementation of it'
machine bochs-vmx-old bochs corei5_lynnfield_750    ''   'Bochs: VMX with EPT, as it was in 2009'
machine qemu-novirt   qemu  max,-svm                ''   'to be refused: no SVM'
machine qemu-nonpt    qemu  max,-npt                ''   'to be refused: SVM without nested paging'
machine bochs-novirt  bochs p4_prescott_celeron_336 ''   'to be refused: neither VMX nor SVM'
machine bochs-noept   bochs core2_penryn_t9600      ''   'to be refused: VMX without EPT'
machine kvm           kvm   host                    ''   "QEMU with KVM: this computer's own CPU"

# machine_needs NAME FIRMWARE: to run, as WITNESS=PACKAGE: a command, or a file.
machine_needs() {
	case ${machine_emulator[$1]} in
	qemu | kvm)
		echo qemu-system-x86_64=qemu-system-x86
		[ "$2" = bios ] || echo "$ovmf=ovmf"
		;;
	bochs)
		echo bochs-bin=bochs
		echo /usr/lib/x86_64-linux-gnu/bochs/plugins/libbx_term_gui.so=bochs-term
		echo /usr/share/bochs/BIOS-bochs-latest=bochsbios
		echo /usr/share/bochs/VGABIOS-lgpl-latest=vgabios
		;;
	esac
}

# Why the CPU or the kernel of this computer cannot have the machine; nothing if
# they can. Untried: there was never a computer with nested KVM to try it on.
machine_obstacle() {
	local module

	[ "${machine_emulator[$1]}" = kvm ] || return 0
	if [ ! -e /dev/kvm ]; then
		echo 'there is no /dev/kvm'
	elif [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
		echo '/dev/kvm cannot be opened'
	elif grep -qw vmx /proc/cpuinfo; then
		module=kvm_intel
	elif grep -qw svm /proc/cpuinfo; then
		module=kvm_amd
	else
		echo 'this CPU shows neither vmx nor svm in /proc/cpuinfo'
	fi
	[ -n "${module:-}" ] || return 0
	case $(cat "/sys/module/$module/parameters/nested" 2>&1) in
	1 | Y) ;;
	*) echo "/sys/module/$module/parameters/nested is not 1 or Y" ;;
	esac
}

# MiB: least and most that can be asked for.
machine_memory_range() {
	case ${machine_emulator[$1]} in
	bochs) echo '32 8192' ;; # 6144 takes 45 s
	*) echo '8 262144' ;;
	esac
}

# The most that can be asked for.
machine_cpus_max() {
	case ${machine_emulator[$1]} in
	bochs) echo 8 ;; # in one thread, one after the other
	*) echo 64 ;;
	esac
}

# What the kernel cannot know of it, as words for it: no emulator stops at a page
# of two sizes, whatever CPU it plays; in Bochs an interrupt of the host's does not end a
# stay that was entered with interrupts off.
machine_facts() {
	case $1 in
	bochs-vmx*) echo ' large-exec kick=nmi' ;;
	bochs-*) echo ' kick=nmi' ;;
	esac
}

# How the kernel is told to end it (exit=), and the process status which that has.
machine_exit() {
	case ${machine_emulator[$1]} in
	bochs) echo bochs ;;
	*) echo qemu ;;
	esac
}

# machine_status NAME PASS|FAIL|REFUSED
machine_status() {
	case ${machine_emulator[$1]}-$2 in
	bochs-PASS) echo 0 ;;
	bochs-*) echo 1 ;;
	*-PASS) echo 33 ;;
	*-FAIL) echo 35 ;;
	*-REFUSED) echo 37 ;;
	esac
}

# machine_command NAME ISO MEMORY DIR FIRMWARE CPUS: what starts it, into the array command.
# Its serial port is the file DIR/serial.
machine_command() {
	local name=$1 iso=$2 memory=$3 dir=$4 firmware=$5 cpus=$6

	case ${machine_emulator[$name]} in
	qemu | kvm)
		command=(qemu-system-x86_64 -machine q35 -cpu "${machine_cpu[$name]}"
			-m "$memory" -smp "$cpus" -display none -monitor none -net none -no-reboot
			-serial "file:$dir/serial" -cdrom "$iso"
			-device 'isa-debug-exit,iobase=0xf4,iosize=4')
		[ "$firmware" = bios ] || command+=(-bios "$ovmf")
		case $name in
		kvm) command+=(-accel kvm) ;;
		qemu-icount) command+=(-icount 'shift=0,sleep=off') ;; # one thread
		*) command+=(-accel 'tcg,thread=multi') ;;
		esac
		;;
	bochs)
		bochs_config "$@" > "$dir/bochsrc"
		printf 'c\nq\n' > "$dir/commands"
		command=(env TERM=dumb bochs-bin -q -f "$dir/bochsrc" -rc "$dir/commands")
		;;
	esac
}

# Sound off: its thread can crash at the end. reset_on_triple_fault=0: else a
# triple fault ends with 0, like a pass. host: the most of the guest's memory
# that can be in use.
bochs_config() {
	local name=$1 iso=$2 memory=$3 dir=$4 cpus=$6

	cat <<-END
		config_interface: textconfig
		display_library: term
		plugin_ctrl: speaker=0, gameport=0, parallel=0
		romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
		vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
		memory: guest=$memory, host=$((memory < 256 ? memory : memory < 2048 ? 256 : 2048))
		cpu: model=${machine_cpu[$name]}, count=$cpus:1:1, ips=4000000, reset_on_triple_fault=0
		boot: cdrom
		ata0-master: type=cdrom, path="$iso", status=inserted
		com1: enabled=1, mode=file, dev="$dir/serial"
		clock: sync=none, time0=946681200
		mouse: enabled=0
		log: $dir/bochs.log
		debugger_log: -
		panic: action=fatal
		error: action=report
		info: action=ignore
		debug: action=ignore
	END
}
