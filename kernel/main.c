/* SPDX-License-Identifier: BSD-2-Clause */
/* The top level: from GRUB's entry to the last line of the report. */
#include "kernel/check/tlbcheck_attach.h"
#include "kernel/host/acpi.h"
#include "kernel/host/acpi_devices.h"
#include "kernel/host/bootinfo.h"
#include "kernel/host/clock.h"
#include "kernel/host/cpu.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/host/errata.h"
#include "kernel/host/lapic.h"
#include "kernel/host/mce.h"
#include "kernel/host/memory.h"
#include "kernel/host/nmi.h"
#include "kernel/host/pages.h"
#include "kernel/host/pic.h"
#include "kernel/host/smp.h"
#include "kernel/host/trap.h"
#include "kernel/host/words.h"
#include "kernel/lib/console.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"
#include "kernel/suite/cmdline.h"
#include "kernel/suite/head.h"
#include "kernel/suite/report.h"
#include "kernel/suite/runner.h"
#include "kernel/suite/selftest.h"
#include "kernel/suite/skip.h"
#include "kernel/suite/soak.h"
#include "kernel/vm/preflight.h"

#define BOOT_MAPPED (UINT64_C(4) << 30)

enum { GUESTS_MAX = 64 };

_Noreturn void kernel_main(uint32_t magic, uintptr_t boot);

static struct cpu_raw raw;
static struct acpi_cpus listed;
static struct acpi_pm_timer pm_timer;
static struct acpi_ioapics ioapics;
static struct machine this_machine;
static struct bootinfo info;
static struct cmdline cmdline;

/* Valid until memory_init: boot/entry.asm maps everything below 4 GiB. */
static const void *see_low(void *ctx, uint64_t pa, uint64_t size)
{
	(void)ctx;
	return pa && pa < BOOT_MAPPED && size <= BOOT_MAPPED - pa ? (const void *)pa : NULL;
}

/* Finds exit= before anything else, in whatever is readable, so that every error ends the
 * machine. */
static void read_exit(const void *bytes, size_t size)
{
	const char *grubs = bootinfo_find_cmdline(bytes, &size);
	enum machine_exit how = grubs ? cmdline_exit(grubs, size, MACHINE_HALT) : MACHINE_HALT;

	report_set_exit(cmdline_exit(words_block, WORDS_BLOCK_SIZE, how));
}

static void say_remarks(const struct remarks *remarks)
{
	for (unsigned i = 0; i < remarks->n; i++)
		note("%s", remarks->text[i]);
}

/* The boot information is not copied: it lies somewhere below 4 GiB, and is not used after
 * memory_init, when its memory may be allocated. */
static void read_bootinfo(uint32_t magic, uintptr_t boot)
{
	const void *bytes = (const void *)boot;
	uint64_t size = BOOT_MAPPED - boot;
	const char *error;

	read_exit("", 0);
	if (magic != MULTIBOOT2_BOOT_MAGIC || boot % 8)
		report_bad_input("boot",
				 "not started by a multiboot2 loader (magic 0x%x, "
				 "information at 0x%lx)",
				 magic, (unsigned long)boot);
	if (bootinfo_size(bytes) < size)
		size = bootinfo_size(bytes);
	read_exit(bytes, size);
	error = bootinfo_parse(bytes, size, &info);
	say_remarks(&info.remarks);
	if (error)
		report_bad_input("boot", "%s; GRUB 2 is a loader that is known to work", error);
}

/* Parses GRUB's words, then those embedded in the kernel's file. */
static void read_cmdline(void)
{
	static char line[BOOTINFO_CMDLINE_MAX + WORDS_BLOCK_SIZE];
	const char *names[GUESTS_MAX], *theirs;
	char error[VMM_TEXT_MAX];
	bool ok;

	for (unsigned i = 0; i < guests_count; i++)
		names[i] = guests[i]->name;
	theirs = cmdline_skip_image(info.cmdline);
	if (theirs != info.cmdline)
		note("the boot loader's first word is taken for the image's name: %.*s",
		     (int)(theirs - info.cmdline), info.cmdline);
	cmdline_append(line, sizeof(line), theirs);
	cmdline_append(line, sizeof(line), words_block);
	ok = cmdline_parse(line, names, guests_count, &cmdline, error, sizeof(error));
	clock_set_slow(cmdline.slow);
	head_words(line, &cmdline);
	if (info.cmdline_cut)
		report_bad_input("command-line",
				 "the command line has more than %u characters; leave words out",
				 BOOTINFO_CMDLINE_MAX - 1);
	if (!ok)
		report_bad_input("command-line", "%s", error);
}

/* Reports the result of a test that ran; a skip if it was starved of time. A hardware error
 * stays signaled, so all later tests fail, too. */
static void end_test(const char *name, bool ok, const struct run_counts *counts, const char *todo)
{
	const char *complaint = nmi_complaint();

	if (complaint) {
		report_wrong("%s", complaint);
		todo = NULL;
	}
	if (ok && counts->starved && !complaint)
		report_skip(name, WANT_TIME, "%s", counts->starved);
	else
		report_test_end(ok, todo);
}

static void test_guest(const struct machine *machine, const struct guest *g, bool known)
{
	struct run_counts counts = { .starved = NULL };

	if (skip_guest(machine, g))
		return;
	report_test_begin(g->name);
	if (known && g->fatal)
		report_test_end(false, g->fatal);
	else
		end_test(g->name, run_guest(machine, g, &counts), &counts,
			 known ? "known to fail on this machine" : NULL);
}

static void test_soak(const struct machine *machine)
{
	struct run_counts counts = { .starved = NULL };

	if (skip_guest(machine, &guest_soak))
		return;
	report_test_begin(guest_soak.name);
	end_test(guest_soak.name, soak_run(machine, cmdline.soak, &counts), &counts, NULL);
}

static void note_leaf(const struct machine *m)
{
	static const char *const sizes[] = { "", "4k", "2m", "1g" };
	static const char *const words[] = { "", "4 KiB", "2 MiB", "1 GiB" };
	unsigned level = aspace_max_level(&m->probe->gpt, m->leaf);

	if (level != m->leaf)
		note("leaf=%s: this CPU does not have them; the largest are of %s", sizes[m->leaf],
		     words[level]);
}

static void run_guests(const struct machine *machine)
{
	for (unsigned i = 0; i < guests_count; i++)
		if (cmdline.run >> i & 1)
			test_guest(machine, guests[i], cmdline.known >> i & 1);
	if (cmdline.soak)
		test_soak(machine);
}

static unsigned count_tests(void)
{
	unsigned n = selftest_count + (cmdline.soak > 0);

	for (unsigned i = 0; i < guests_count; i++)
		n += cmdline.run >> i & 1;
	return n;
}

static void list_cpus(void)
{
	const char *error = info.has_rsdp ? acpi_read_cpus(info.rsdp, see_low, NULL, &listed) :
					    "the loader found no ACPI tables";

	say_remarks(&listed.remarks);
	if (error)
		note("other CPUs are not used: %s", error);
	/* A deliberate firmware bug: lists absent CPUs. */
	for (unsigned i = 0; FAULT(CPUS_GHOST) && i < 7; i++)
		listed.apic_id[listed.n++] = 0xe0 + i;
}

static void list_devices(void)
{
	if (!info.has_rsdp)
		return;
	acpi_read_pm_timer(info.rsdp, see_low, NULL, &pm_timer);
	acpi_read_ioapics(info.rsdp, see_low, NULL, &ioapics);
}

/* Apply this to each CPU's probe: otherwise one CPU with the erratum restricts all. */
static void allow_large_exec(struct vmm_probe *probe)
{
	if (cmdline.small_exec)
		probe->gpt.small_exec = true;
	if (cmdline.small_exec || !cmdline.large_exec)
		return;
	probe->gpt.small_exec = false;
	probe->errata &= ~(uint32_t)ERRATUM_ITLB_MULTIHIT;
}

/* Runs on another CPU, to admit it. All CPUs then do without what it lacks. */
static bool admit(struct cpu *cpu, char *error, size_t size)
{
	struct cpu_raw own;
	struct vmm_probe probe;
	char words[VMM_TEXT_MAX], lost[VMM_TEXT_MAX];

	cpu_raw_read(&own);
	this_machine.ops->probe(&own, &probe);
	allow_large_exec(&probe);
	if (FAULT(AP_REFUSED)) {
		probe.usable = false;
		probe.cause = "it was told to be";
	}
	if (!probe.usable) {
		format(error, size, "%s", probe.cause);
		return false;
	}
	if (!this_machine.ops->enable(cpu, &own, words)) {
		format(error, size, "%s", words);
		return false;
	}
	preflight_reduce(this_machine.probe, &probe, lost, sizeof(lost));
	if (lost[0])
		format_append(words, sizeof(words), lost);
	if (words[0])
		note("CPU with APIC ID %u lacks what others have: %s; all do without", cpu->apic_id,
		     words);
	return true;
}

/* Without an APIC no other CPU can be started. The boot CPU counts in any case. */
static void start_cpus(bool has_apic)
{
	static const struct acpi_cpus none;

	if (has_apic && acpi_count_boot_cpu(&listed, lapic_id()))
		note("the firmware does not list the boot CPU, APIC ID %u; it counts all the same",
		     lapic_id());
	if (listed.left_out)
		note("more CPUs than %u: %u are not used", ACPI_CPUS_MAX, listed.left_out);
	clock_init(&pm_timer);
	smp_set_trace(tlb_trace);
	smp_start(this_machine.cpu, has_apic ? &listed : &none, memory_low(), admit);
	head_cpus(smp_count(), listed.n + listed.left_out);
}

static uint64_t count_nmis(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < smp_count(); i++)
		n += smp_cpu(i)->nmis;
	return n;
}

static void report_nmis(void)
{
	if (count_nmis())
		report_figure("nmis", "", count_nmis(), "nmis");
	if (!nmi_unknown())
		return;
	report_figure("nmis", "unknown", nmi_unknown(), "nmis");
	note("%lu NMIs came that no CPU has sent, and port 61h says nothing of them: a button, a "
	     "watchdog, or a complaint of this machine's hardware",
	     (unsigned long)nmi_unknown());
}

_Noreturn void kernel_main(uint32_t magic, uintptr_t boot)
{
	static const struct vmm_ops *const sides[PREFLIGHT_SIDES] = { &vmx_ops, &svm_ops };
	static struct preflight verdict;
	char words[VMM_TEXT_MAX];
	const char *error;

	console_init();
	report_begin();
	report_head("build", "%s", NESTBOX_VERSION);
	trap_init();
	read_bootinfo(magic, boot);
	read_cmdline();
	this_machine.cpu = cpu_boot();
	this_machine.probe = &verdict.probe;
	cpu_load_descriptors(this_machine.cpu);
	trap_load();
	nmi_init();
	cpu_raw_read(&raw);
	head_machine(&raw, &info, see_low);
	preflight(&raw, sides, &verdict);
	preflight_report(&verdict, sides);
	if (!verdict.ops)
		report_refused(verdict.cause, verdict.remedy);
	head_side(verdict.ops == &vmx_ops ? "vmx" : "svm");
	if (cmdline.large_exec && !cmdline.small_exec &&
	    verdict.probe.errata & ERRATUM_ITLB_MULTIHIT)
		note("large-exec: large leaves are executable all the same");
	allow_large_exec(&verdict.probe);
	cpu_enable_features();
	mce_init();
	list_cpus();
	list_devices();
	error = memory_init(&info, &raw);
	head_memory(memory_bytes());
	if (error)
		report_bad_input("memory", "%s", error);
	pic_silence();
	ioapic_silence(&ioapics);
	error = lapic_init();
	if (FAULT(APIC_OFF))
		error = "it is left alone on purpose";
	if (error)
		note("no timer, and no other CPUs: %s", error);

	this_machine.ops = verdict.ops;
	if (cmdline.check_tlb && !tlbcheck_attach(this_machine.ops->format))
		report_bad_input("check-tlb",
				 "no memory for the checker's records, 8 bytes for each "
				 "page, in one block of at most 1 GiB; leave check=tlb out");
	if (cmdline.kick_nmi)
		tlb_kick_by_nmi();
	this_machine.trace = cmdline.trace;
	this_machine.leaf = cmdline.leaf;
	this_machine.fail_alloc = cmdline.fail_alloc;
	this_machine.seed = cmdline.seed;
	this_machine.slow = cmdline.slow;
	this_machine.fep = cmdline.fep;
	this_machine.timer = verdict.probe.slice_timer || !error;
	if (!this_machine.ops->enable(this_machine.cpu, &raw, words))
		report_refused(words, "see above; if all looks right, report this CPU");
	start_cpus(!error);
	head_leaves(&verdict.probe.gpt);

	note_leaf(&this_machine);
	report_plan(count_tests());
	selftest_run(&cmdline);
	fault_host();
	run_guests(&this_machine);
	report_nmis();
	this_machine.ops->disable(this_machine.cpu);
	report_end();
}
