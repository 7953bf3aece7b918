# SPDX-License-Identifier: BSD-2-Clause
"""The table of deliberate bugs: which test has to go red for each, where, and what the log
says then. The marks are in the sources (kernel/lib/fault.h)."""

from dataclasses import dataclass

import status as s


@dataclass(frozen=True)
class Row:
    """On machine ("host": this one), with words for the kernel (host: the name of the test
    program), the tests red fail and no others (host: this part of it fails), and the log has
    lines by these patterns, in this order; the last line is the verdict of run.sh."""

    fault: str
    machine: str
    words: str
    red: str
    says: tuple = ()
    cpus: int = 1
    status: int = s.FAIL

    @property
    def where(self):
        return self.machine + (f" with {self.cpus} CPUs" if self.cpus > 1 else "")


ROWS = []


def caught(fault, where, words, red, *says, status=s.FAIL):
    """where: machines, apart by blanks; qemu-svm/2 is one with two CPUs."""
    for name in where.split():
        machine, _, cpus = name.partition("/")
        ROWS.append(Row(fault, machine, words, red, says, int(cpus or 1), status))


BOTH = "qemu-svm bochs-vmx"
ALL2 = "qemu-svm/2 bochs-vmx/2 bochs-svm/2"
N = "[0-9]+"
TLB = "# PANIC: tlb check: "
VERDICT = "#   end: said that it is done, verdict [1-9][0-9]*, .*"


def wrong(what):
    return f"#   WRONG: {what}"


def panic(expression):
    return f"# PANIC: .*assertion failed: {expression}"


def by(function, times=""):
    """A line of the backtrace."""
    return rf"#   0x[0-9a-f]{{16}} {function}\+0x[0-9a-f]+{times}"


# ---- Mappings ----

caught("map-write", BOTH, "run=rom", "rom", "#   end: said that it is done, verdict 2, .*",
       wrong("write faults: expected 1, saw 0"))
caught("map-exec", BOTH, "run=noexec", "noexec", "#   end: said that it is done, verdict 2, .*",
       wrong("fetch faults: expected 2, saw 1"))
caught("map-pfn", BOTH, "run=hello", "hello",
       r"#   end: (triple fault|touched what is not there).*",  # whatever the next page holds
       wrong("pages mapped: expected 4, saw 1"),
       wrong("second level, gpa 0x0{6}100000, level 1, .*: maps .*"))
caught("no-populate", "qemu-svm", "run=hello", "hello",
       panic(r"r.error == VMM_GPT_CONFLICT .*"), by("aspace_fault"))
caught("no-image", "qemu-svm", "run=hello", "hello", "#   end: triple fault, .*",
       wrong("pages mapped: expected 4, saw 1"))
caught("right-unchecked", "qemu-svm", "run=rom", "rom",
       "#   why: hardware faults on gpa 0xffff3008 although it is mapped")

# ---- Pages, and what becomes of them; where the checker would be quicker, without it ----

caught("page-early", "qemu-svm", "run=hello check=none", "hello",
       wrong("second level, gpa 0x0{6}100000, level 1, .*: maps .*"))
caught("page-kept", "qemu-svm", "run=hello", "hello",
       wrong(f"free pages after it: expected {N}, saw {N}"))
caught("table-kept", "qemu-svm", "run=hello", "hello",
       wrong(f"free pages after it: expected {N}, saw {N}"))
caught("page-dirty", "qemu-svm", "run=hello", "host-allocator",
       '  reason: "a new page is not all zeroes"')
caught("no-vacate", "qemu-svm", "run=hello check=none", "hello",
       wrong("table pages left after vacating: expected 0, saw 3"))

# ---- Leaves, and what hardware left in them ----

caught("leaf-small", BOTH, "run=touch leaf=2m", "touch",
       wrong("read faults: expected 130, saw 640"), wrong("2 MiB: expected 18, saw 0"))
caught("fetch-unsplit", BOTH, "run=fetch leaf=2m small-exec", "fetch",
       "#   why: hardware faults on gpa 0x400000 although it is mapped")
caught("dirty-early", BOTH, "run=rom", "rom",
       wrong("the leaf of 4 KiB at 0x0000ffff0000 is dirty, and nobody wrote to it"))
caught("ad-off", "bochs-vmx", "run=hello", "hello",
       wrong("the leaf of 4 KiB at 0x000000100000 was touched, and is not accessed"),
       wrong("the leaf of 4 KiB at 0x000000100000 was written to, and is not dirty"))
caught("map-twice", "qemu-svm", "run=hello check=none", "hello",
       wrong("second level, gpa 0x000000101000, level 1, .*: maps a block that belongs elsewhere"))
caught("table-leaked", "qemu-svm", "run=hello", "hello",
       wrong("table pages: 4 are accounted for, and 8 are in use"))
caught("split-block", "qemu-svm", "run=large leaf=2m", "large",
       "# PANIC: page 0x[0-9a-f]+ of kind .* is joined as .*", by("pages_join"))

# ---- TLB flushes: kernel/vm/tlb.h ----

caught("flush-vmx", "bochs-vmx", "run=hello", "hello",
       panic("cpu->ctx_id == ctx->ctx_id .*"), by("prepare_and_enter"))
caught("flush-svm", "qemu-svm", "run=hello", "hello",
       panic("cpu->ctx_id == ctx->ctx_id .*"), by("svm_vcpu_enter"))
caught("flush-mark", "qemu-svm", "run=hello", "hello", panic("tlb_is_stale.*"), by("svm_invalidate"))
caught("flush-mark", "bochs-vmx", "run=hello", "hello", panic("tlb_is_stale.*"), by("aspace_fini"))
caught("release-early", BOTH, "run=hello", "hello", panic("tlb_is_stale.*"), by("aspace_fini"))

# ---- Turns, and a vCPU that wanders ----

caught("flush-vain", "qemu-svm", "run=turns", "turns",
       wrong(f"flushes made: expected {N}, saw {N}"))
caught("root-reused", BOTH, "run=turns", "turns", TLB + "CPU 0 enters root .*")
caught("kernel-gs-left", "bochs-vmx/2", "run=wander", "wander",
       "#   end: said that it is done, verdict 22, .*")
caught("vmsave-lost", "qemu-svm/2 bochs-svm/2", "run=wander", "wander",
       "#   end: said that it is done, verdict 20, .*")

# ---- Kicks by NMI that hit the way into the guest ----

DEAF = "# PANIC: CPU 1 was kicked, and does not leave the guest"
caught("nmi-range", "bochs-vmx/2", "run=deaf", "deaf", DEAF)
caught("kick-lost-vmx", "bochs-vmx/2", "run=deaf", "deaf", DEAF)
caught("kick-lost-svm", "bochs-svm/2", "run=deaf", "deaf", DEAF)

# ---- CPUs that share a table: what the checker sees, and what the guest sees ----

caught("no-kick", ALL2, "run=stale", "stale",
       "#   vCPU 1: end: said that it is done, verdict 1, .*")
caught("no-ack", ALL2, "run=shoot", "shoot", TLB + ".*")
caught("no-generation", ALL2, "run=stale", "stale", TLB + "a change is complete .*")
caught("no-limbo", ALL2, "run=shoot", "shoot", TLB + ".*")
FIRST = TLB + "CPU 0 enters root .* for the first time, and without a flush"
caught("no-invept", "bochs-vmx/2", "run=hello", "hello", FIRST)
# Bochs alone has forgotten everything at each entry. KVM has not; so here, without the checker.
caught("no-invept", "kvm-vmx", "run=large check=none", "large",
       wrong("read faults: expected 10, saw 9"), wrong("pages mapped: expected 24, saw 23"))
caught("no-tlb-control", "qemu-svm/2 bochs-svm/2", "run=hello", "hello", FIRST)
caught("no-section", ALL2, "run=hello", "hello",
       TLB + "CPU 0 reads an entry of root .*, but is not in a section, .*")
caught("race-gap", ALL2, "run=shoot", "shoot", TLB + ".*")
caught("table-early", ALL2, "run=kicks leaf=2m", "kicks", TLB + ".*")
caught("root-reused", ALL2, "run=race,stale", "stale",
       TLB + "CPU [01] enters root .* without a flush.*")

# ---- Exits, decoded ----

for vendor, machine in (("vmx", "bochs-vmx"), ("svm", "qemu-svm")):
    caught(f"access-{vendor}", machine, "run=walk", "walk",
           wrong("read faults: expected 1, saw 50"), wrong("write faults: expected 49, saw 0"))
    caught(f"walk-{vendor}", machine, "run=walk", "walk",
           wrong("write faults: expected 49, saw 102"),
           wrong("page-walk faults: expected 53, saw 0"))
    caught(f"present-{vendor}", machine, "run=rom", "rom",
           "#   end: touched .*: write of gpa 0x0000ffff3008, not mapped, .*",
           wrong('end: expected ".* 0x0000ffff3008, mapped", saw ".*"'))

# ---- Events ----

caught("event-lost", BOTH, "run=inject", "inject", VERDICT,
       wrong("read faults: expected 5, saw 2"))  # the first fault was the last
caught("event-early", "qemu-svm", "run=inject", "inject", VERDICT,
       wrong("interrupt windows: expected 1, saw 0"))
caught("event-early", "bochs-vmx", "run=inject", "inject",
       "#   why: .*an interrupt is to be injected while RFLAGS.IF is 0 .*")
caught("shadow-vmx", "bochs-vmx", "run=inject", "inject",
       "#   why: .*an interrupt is to be injected in the shadow of STI or MOV SS .*")

caught("db-lost", BOTH, "run=step", "step", VERDICT)
caught("mc-in-guest", BOTH, "run=step", "step", "# PANIC: machine check.*", by("on_exception"))
caught("mce-shown", "qemu-svm bochs-svm", "run=probe", "probe", VERDICT)
caught("rf-lost", "bochs-vmx", "run=align", "align",
       "#   end: said that it is done, verdict 4, .*")

# ---- The guest's state ----

caught("register-vmx", "bochs-vmx", "run=regs", "regs",
       "#   end: said that it is done, verdict 114, .*")
caught("register-svm", "qemu-svm", "run=regs", "regs",
       "#   end: said that it is done, verdict 212, .*")
caught("fx-left", BOTH, "run=probe,regs", "regs",  # what probe left there
       "#   end: said that it is done, verdict 118, .*")
caught("cr3-vmx", "bochs-vmx", "run=hello", "hello",
       "#   end: touched .*: page walk of gpa 0x0{12}, .*")
caught("cr3-svm", "qemu-svm", "run=hello", "hello",
       "#   end: touched .*: page walk of gpa 0x0{12}, .*")
caught("pdptes-vmx", "bochs-vmx", "run=modes", "modes", "#   end: triple fault, .*",
       wrong("page-walk faults: expected 6, saw 2"))
caught("efer-vmx", "bochs-vmx", "run=modes", "modes",
       "#   why: .*EFER.LMA is not what the IA-32e mode control says .*")
caught("efer-svm", "qemu-svm", "run=modes", "modes", "#   end: triple fault, .*",
       wrong("MSR accesses: expected 5, saw 1"))

# ---- What guests may do, what is believed, and which machines are taken ----

caught("cpuid-shown", "qemu-svm", "run=probe", "probe", VERDICT,
       wrong("CPUID: expected 28, saw 2"))
caught("cr-allowed", "bochs-vmx", "run=probe", "probe", VERDICT,
       wrong(f"control register accesses: expected 29 to 232, saw {N}"))
caught("msrs-vmx", "bochs-vmx", "run=probe", "probe", VERDICT,
       wrong("MSR accesses: expected 131, saw 0"))
caught("msrs-svm", "qemu-svm", "run=probe", "probe", VERDICT,
       wrong("MSR accesses: expected 131, saw 0"))
caught("ports-svm", "qemu-svm", "run=hello", "hello",
       wrong("port accesses: expected 18, saw 0"),
       wrong(r'output: expected "hello from inside\\n", saw ""'))
caught("rex-lost", "host", "test_insn", "mov_cr_registers")
caught("probe-svm", "host", "test_probe", "amd_lacks")
caught("probe-vmx", "host", "test_probe", "intel_ept")
caught("must-lost", "host", "test_controls", "one_cpu")
caught("stepping-ignored", "host", "test_errata", "every_signature")
caught("reserved-used", "host", "test_memmap", "reserved_wins")
caught("clock-believed", "host", "test_clock", "emulators_are_measured")
caught("low-top", "host", "test_memmap", "low_memory_from_the_middle")
caught("mce-corrected", "host", "test_mce", "bits")

# ---- What firmware and loader get wrong ----

caught("map-wraps", "host", "test_memmap", "entries_that_wrap")
caught("map-overflow", "host", "test_memmap", "more_entries_than_there_is_room_for")
caught("records-remote", "host", "test_memmap", "remote_memory_has_to_be_worth_its_records")
caught("acpi-sum", "host", "test_acpi", "a_wrong_checksum_is_a_warning")
caught("acpi-boot", "host", "test_acpi", "the_boot_cpu_counts")
caught("image-name", "host", "test_cmdline", "the_image_s_name_is_skipped")

# ---- The page table: each kind of proof, and a bug of its kind. gpt-count is below. ----

caught("gpt-protect-flush", "host", "test_gpt_model", "random_scripts",
       "# to replay: GPT_SCRIPT=.*")
caught("gpt-split-clean", "host", "test_gpt_hw", "dirty EPT", ".*: a CPU wrote, and nobody knows")
caught("gpt-unmap-no-flush", "host", "test_gpt_hw", "scripts EPT",
       ".*: a flush was not asked for")
caught("gpt-merge", "host", "test_gpt_small2", "A and D, two rights")
caught("gpt-link-first", "host", "test_gpt_inter", "every pair EPT",
       ".*: no order of the operations answers so, .*")
caught("gpt-merge-hot", "host", "test_gpt_threads", "threads race, EPT")
caught("gpt-reserve", "host", "test_gpt_nomem", "every table is missing once, ept")
caught("gpt-unmap-store", "host", "test_gpt_hw", "dirty EPT",
       ".*: a CPU wrote, and nobody knows")
caught("gpt-grace", "host", "test_gpt_large", "grace_waits_for_old_sections_only EPT",
       ".*vmm_gpt_grace_elapsed.*")

# ---- Other CPUs: what takes longer than the rest at the end of the table ----

# Listed and not there, all at once.
caught("cpus-ghost", "qemu-svm/2", "run=race", "",
       "# waited for CPUs that do not come, once for all: 1 came of 8",
       "# CPU with APIC ID 224 is left out: it does not come up",
       "# CPU with APIC ID 230 is left out: it does not come up", "# head cpus 2 of 9",
       "ok [0-9]+ - race .*", status=s.PASS)
# An APIC in another mode, or off; in Bochs it stays off then. A task priority that is too high.
for name, at in (("ap-x2apic", "kvm-svm/2"), ("ap-apic-off", "kvm-svm/2"),
                 ("apic-left", "qemu-svm/2")):
    caught(name, at, "run=spin,race", "", "# head cpus 2 of 2", "ok [0-9]+ - race .*",
           status=s.PASS)
caught("ap-apic-off", "bochs-vmx/2", "run=race", "",
       "# CPU with APIC ID 1 is left out: its local APIC cannot be switched to xAPIC mode",
       "# nestbox end PASS .*")
# A CPU that sleeps through what wakes it: waiting for it has an end.
for name in ("wake-lost", "tpr-kept"):
    caught(name, "qemu-svm/2", "run=wander", "wander",
           r"# PANIC: CPU 1 \(APIC ID 1\) was given something to do, and does not come to an end: "
           ".*")

# ---- The report ----

caught("end-cut", "qemu-svm", "run=hello", "", r"ok [0-9]+ - hello .*",
       "run.sh: qemu-svm: INCOMPLETE, the log is damaged: it has no end line; .*",
       status=s.INCOMPLETE)

# ---- Crashes of the host and of a guest, and what their reports say ----

FIRST_REPORT = len(ROWS)
REGISTER = "# rip    0x[0-9a-f]{16}"
NOWHERE = r"#   0x[0-9a-f]{16} \(not in the host.s text\)"
HOST = by("fault_host")
MAIN = by("kernel_main")
BACKTRACE = "# backtrace:"
TABLE = "table at 0x[0-9a-f]+ rwx.*"


def reports(fault, red, *says, words="run=hello", where="qemu-svm", status=s.FAIL):
    caught(fault, where, words, red, *says, status=status)


reports("host-assert", "boot",
        r"# PANIC: kernel/suite/crash\.c:[0-9]+: assertion failed: .* \(0x1234, 0x5678\)",
        REGISTER, BACKTRACE, by("compare_wrongly"), HOST, MAIN, by("entry64"))
reports("host-null", "boot",
        "# PANIC: exception 14 .*: write at 0x0: null pointer, nothing is mapped there",
        REGISTER, BACKTRACE, by("write_to"), HOST, MAIN)
reports("host-call-null", "boot", "# PANIC: exception 14 .*: fetch at 0x0: null pointer, .*",
        "# rip    0x0{16}", BACKTRACE, NOWHERE, by("call"), HOST, MAIN)
reports("host-stack", "boot",
        "# PANIC: exception 8 .*: stack overflow: 0x[0-9a-f]+ is in the guard page below a stack",
        REGISTER, BACKTRACE, by("recurse", ", [0-9]{2,} times"), HOST, MAIN)
reports("host-exec", "boot",
        "# PANIC: exception 14 .*: fetch at 0x[0-9a-f]+: the page lacks the right",
        BACKTRACE, NOWHERE, by("call"), HOST, MAIN)
reports("host-write-text", "boot",
        "# PANIC: exception 14 .*: write at 0x100000: the host's text, the page lacks the right",
        BACKTRACE, by("write_to"), HOST, MAIN)
reports("host-gs", "boot",
        "# PANIC: exception 14 .*: read at 0x0: null pointer, nothing is mapped there",
        BACKTRACE, by("lose_itself"), HOST, MAIN, where="qemu-svm/2")
reports("host-interrupt", "boot", "# PANIC: inside of an interrupt", BACKTRACE,
        by("interrupted"), by("stub_common"), by("interrupt"), HOST, MAIN)

# What is missing is said, and the rest runs; but less was tested than should be.
ALONE = ("ok [0-9]+ - race # SKIP for want of cpus: .*", "ok [0-9]+ - spread .*",
         "# nestbox end PASS .*", "run.sh: qemu-svm: FAIL, less was tested than should be: "
         "it was given 2 CPUs, and says: 1 of 2")
for fault, why in (("ap-lost", "# CPU with APIC ID 1 is left out: it does not come up"),
                   ("ap-refused", "# CPU with APIC ID 1 is left out: it was told to be"),
                   ("apic-off", "# no timer, and no other CPUs: .*")):
    reports(fault, "", why, *ALONE, words="run=hello,race,spread", where="qemu-svm/2")

# What firmware may leave, and hardware do, and no harm comes of it: another mode of the boot
# CPU's APIC than of the others'; an interrupt that is routed to the vector of an exception; the
# shadow of STI that an NMI ends.
for fault, where in (("boot-x2apic", "bochs-vmx/2"), ("irq-left", "qemu-svm/2"),
                     ("wake-shadow", "qemu-svm/2")):
    reports(fault, "", "# head cpus 2 of 2", "ok [0-9]+ - race .*", words="run=spin,race",
            where=where, status=s.PASS)
reports("irq-kept", "spin", "# PANIC: exception 14 .*", words="run=spin,race",
        where="qemu-svm/2")
reports("nmi-serr", "hello",
        wrong("the hardware reports a system error .SERR#, port 61h bit 7.: .*"))

# CPUs of one machine that differ: what one lacks, all do without; what cannot be, is left out.
DIFFERS = "run=hello,race,wander"
reports("controls-differ", "", "# CPU with APIC ID 1 lacks what others have: virtual NMIs; .*",
        "ok [0-9]+ - wander .*", "# nestbox end PASS .*", "run.sh: bochs-vmx: PASS, .*",
        words=DIFFERS, where="bochs-vmx/2", status=s.PASS)
for fault, why in (("controls-clash", "a control that must be 1 on this CPU .*"),
                   ("revision-differs", "its VMCSs have another revision .*")):
    reports(fault, "", f"# CPU with APIC ID 1 is left out: {why}",
            "ok [0-9]+ - race # SKIP for want of cpus: .*", "# nestbox end PASS .*",
            words=DIFFERS, where="bochs-vmx/2")
reports("wbinvd-runs", "", r"#   missing: .*WBINVD exiting \(guests execute it\).*",
        "ok [0-9]+ - probe .*", "# nestbox end PASS .*", words="run=probe", where="bochs-vmx",
        status=s.PASS)
reports("mwait-runs", "", "#   missing: .*exits of RDPMC, MONITOR or MWAIT .*",
        "ok [0-9]+ - probe # SKIP for want of denials: .*", "# nestbox end PASS .*",
        words="run=probe", where="bochs-vmx")

# The net below a timer that does not fire.
reports("timer-dead", "", "#   this CPU's timer for guests .* did not fire: .*",
        "ok [0-9]+ - spin_if .*", "ok [0-9]+ - turns .*", "run.sh: bochs-vmx: PASS, .*",
        words="run=spin_if,turns", where="bochs-vmx", status=s.PASS)

# A host that takes all the time there is: no result, and no failure.
STARVED = "# SKIP for want of time: its time was over before it could move, .*"
reports("time-stolen", "", "#   end: got no time from the host below, at rip 0x[0-9a-f]+",
        "#   the host below took [0-9]+ ms of its time", f"ok [0-9]+ - spin {STARVED}",
        f"ok [0-9]+ - turns {STARVED}", "run.sh: qemu-svm: PASS, .* 2 for want of time",
        words="run=spin,turns", status=s.PASS)

reports("guest-leaf", "hello",
        "#   why: hardware faults on gpa 0x100000 although it is mapped",
        wrong('end: expected ".*", saw ".*"'),
        "# hello: its last exit, .* the guest's page walk, .* at gpa 0x100000, "
        "the entries lack .*",
        "# rip    0x0000000000103000", "# cr0    0x0000000080010031 PE ET NE WP PG",
        "# cs     0x0008 .*: code, 64-bit, DPL 0",
        r"# second level of gpa 0x100000 \(image\), .*",
        f"#   level 4 0x000000000000-0x008000000000 entry 0x[0-9a-f]{{16}}: {TABLE}",
        f"#   level 3 0x000000000000-0x000040000000 entry 0x[0-9a-f]{{16}}: {TABLE}",
        f"#   level 2 0x000000000000-0x000000200000 entry 0x[0-9a-f]{{16}}: {TABLE}",
        "#   level 1 0x000000100000-0x000000101000 entry .*; NOT VALID: would be 0x[0-9a-f]+",
        "# the guest's walk of rip, 0x103000, cr3 0x100000:",
        "#   level 4 at gpa 0x100000 entry 0x0000000000101003: table W",
        "#   level 3 at gpa 0x101000: nothing is mapped there", "not ok .* hello .*")
reports("guest-state", "hello", "#   end: the CPU refused to enter it, .*",
        "# hello: its last exit, .* VMRUN refused .*: EFER.LME and CR0.PG without CR4.PAE",
        "# cr4    0x0000000000000600 OSFXSR OSXMMEXCPT",
        "# efer   0x0000000000000d00 LME LMA NXE", "not ok .* hello .*")
reports("gpt-count", "host-gpt",
        r"# gpt: wrong after [0-9]+ operations; again: gpt-script=c[0-9a-f.]+,p.*",
        "not ok .* host-gpt .*", '  reason: "a table does not agree with itself"')

REPORTS = ROWS[FIRST_REPORT:]
