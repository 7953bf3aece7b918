#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What run.sh believes: emulators that are not, which write to the serial port
# what they are told to, and end with the status that they are told.
# shellcheck source=test/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$scratch/bin"
cat > "$scratch/bin/qemu-system-x86_64" << 'END'
#!/usr/bin/env bash
for word; do
	case $word in
	file:*) printf '%b' "$FAKE_TEXT" > "${word#file:}" ;;
	esac
done
exit "$FAKE_STATUS"
END
cat > "$scratch/bin/bochs-bin" << 'END'
#!/usr/bin/env bash
while [ "$1" != -f ]; do
	shift
done
printf '%b' "$FAKE_TEXT" > "$(sed -n 's/^com1:.*dev="\(.*\)"$/\1/p' "$2")"
exit "$FAKE_STATUS"
END
chmod +x "$scratch"/bin/*
PATH=$scratch/bin:$PATH

tap='BIOS\r\nTAP version 13\r\n1..1\r\nok 1 - all\r\n'
pass='# nestbox end PASS ok=1 failed=0 skipped=0\r\n'
fail='# nestbox end FAIL ok=0 failed=1 skipped=0\r\n'
refused='# nestbox end REFUSED ok=0 failed=0 skipped=0\r\n'

# judge MACHINE STATUS TEXT WANTED NAME
judge() {
	FAKE_STATUS=$2 FAKE_TEXT=$3 boot --machine "$1"
	ok "$1, $2: $5" ended_with "$4"
	ok "$1, $2: $5: says so in one line" run_sh_says "$1: [A-Z].*"
}
export FAKE_STATUS FAKE_TEXT

judge qemu-svm 33 "$tap$pass" 0 'a pass'
judge qemu-svm 35 "$tap$fail" 1 'a failure'
judge qemu-svm 37 "$tap$refused" 3 'a refusal'
judge qemu-svm 35 "$tap$pass" 1 'a pass with the status of a failure'
judge qemu-svm 33 "$tap$fail" 1 'a failure with the status of a pass'
judge qemu-svm 37 "$tap$pass" 1 'a pass with the status of a refusal'
judge qemu-svm 0 "$tap$pass" 1 'a pass, and then a reset'
judge qemu-svm 134 "$tap$pass" 1 'a pass, and then an abort'
judge qemu-svm 33 "$tap" 1 'no end marker'
judge qemu-svm 33 "$tap$pass# PANIC: too late\r\n" 1 'the end marker is not the last line'
judge qemu-svm 33 "$tap# nestbox end" 1 'half an end marker'
judge qemu-svm 33 "$tap# nestbox end PERHAPS ok=1 failed=0 skipped=0\r\n" 1 'another verdict'
judge qemu-svm 33 "$pass" 1 'an end without a beginning'
judge qemu-svm 33 '' 1 'silence'
judge bochs-vmx 0 "$tap$pass" 0 'a pass'
judge bochs-vmx 1 "$tap$fail" 1 'a failure'
judge bochs-vmx 1 "$tap$refused" 3 'a refusal'
judge bochs-vmx 1 "$tap$pass" 1 'a pass with the status of a failure'
judge bochs-vmx 0 "$tap$fail" 1 'a failure with the status of a pass'
judge bochs-vmx 0 "$tap" 1 'no end marker'
judge bochs-vmx 139 "$tap$pass" 1 'a pass, and then a crash'
done_testing
