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
	file:*) cat "$FAKE_LOG" > "${word#file:}" ;;
	esac
done
[ "$FAKE_STATUS" != never ] || exec sleep 600
exit "$FAKE_STATUS"
END
cat > "$scratch/bin/bochs-bin" << 'END'
#!/usr/bin/env bash
[ "$1" != --help ] || exit 0
while [ "$1" != -f ]; do
	shift
done
cat "$FAKE_LOG" > "$(sed -n 's/^com1:.*dev="\(.*\)"$/\1/p' "$2")"
echo "${FAKE_PANIC-}" > "$(sed -n 's/^log: //p' "$2")"
exit "$FAKE_STATUS"
END
chmod +x "$scratch"/bin/*
PATH=$scratch/bin:$PATH

# One log a file.
python3 -B - "$scratch" << 'END'
import sys
from pathlib import Path

sys.path[:0] = ["test/harness", "test/harness/unit"]
import sample

folder = Path(sys.argv[1])
passed = b"BIOS\r\n" + sample.passed().replace(b"\n", b"\r\n")
lines = passed.splitlines(keepends=True)
for name, data in {
    "pass": passed,
    "fail": sample.failed(),
    "refused": sample.refused(),
    "no-end": b"".join(lines[:-1]),
    "half-end": b"".join(lines[:-1]) + b"# nestbox end",
    "late": passed + b"# PANIC: too late\r\n",
    "perhaps": sample.sealed(["TAP version 13", "1..0", "# nestbox end PERHAPS ok=1"]),
    "no-beginning": b"".join(lines[2:]),
    "silence": b"",
    "changed": passed.replace(b"1311 pages", b"1301 pages"),
}.items():
    (folder / name).write_bytes(data)
END

# judge MACHINE STATUS LOG WANTED WORDS
judge() {
	local name="$1, $2, $3"

	FAKE_STATUS=$2 FAKE_LOG=$scratch/$3 boot --machine "$1" --timeout 5
	ok "$name: status $4" ended_with "$4"
	ok "$name: says so in one line" run_sh_says "$1: $5.*"
}
export FAKE_STATUS FAKE_LOG

judge qemu-svm 33 pass 0 'PASS, 1 skipped: 1 for want of high-memory'
judge qemu-svm 35 fail 1 'FAIL: touch \(read faults: expected 130, saw 640\)'
judge qemu-svm 37 refused 3 REFUSED
judge qemu-svm 35 pass 1 FAIL
judge qemu-svm 33 fail 1 FAIL
judge qemu-svm 37 pass 1 FAIL
judge qemu-svm 0 pass 1 FAIL # a reset
judge qemu-svm 134 pass 1 FAIL # an abort
judge qemu-svm 134 no-end 1 FAIL
judge qemu-svm 33 late 1 FAIL
judge qemu-svm 33 no-end 4 INCOMPLETE
judge qemu-svm 33 half-end 4 INCOMPLETE
judge qemu-svm 33 perhaps 4 INCOMPLETE
judge qemu-svm 33 no-beginning 4 INCOMPLETE
judge qemu-svm 33 silence 4 INCOMPLETE
judge qemu-svm 33 changed 4 INCOMPLETE
judge qemu-svm 1 silence 3 'qemu did not start'
judge qemu-svm never pass 124 TIME-OUT
ok 'qemu-svm, never, pass: although it says PASS' console_has '# nestbox end PASS .*'
judge bochs-vmx 0 pass 0 PASS
judge bochs-vmx 1 fail 1 FAIL
judge bochs-vmx 1 refused 3 REFUSED
judge bochs-vmx 1 pass 1 FAIL
judge bochs-vmx 0 fail 1 FAIL
judge bochs-vmx 0 no-end 4 INCOMPLETE
judge bochs-vmx 139 pass 1 FAIL # a crash
# Bochs ends with 1, too, when the machine is broken or cannot be made.
export FAKE_PANIC
FAKE_PANIC='00061446468p[CPU0  ] >>PANIC<< 3rd exception with no resolution'
judge bochs-vmx 1 no-end 1 'FAIL, the machine has crashed'
FAKE_PANIC='00061446468p[UNMAP ] >>PANIC<< Shutdown port: shutdown requested'
judge bochs-vmx 1 no-end 4 INCOMPLETE
FAKE_PANIC='00000000000p[SIM   ] >>PANIC<< bochsrc:1: wrong'
judge bochs-vmx 1 silence 3 'bochs did not start'
done_testing
