/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts the other CPUs: SDM vol. 3A, 9.4.4 "MP Initialization Example"; AMD APM vol. 2,
 * 15.27.8 and 16.5. All are started at once, so that listed but absent CPUs cost one
 * time-out together. They pass a gate (boot/ap.asm) one by one; each takes the record and
 * stacks prepared for the next arrival. Then they are admitted and numbered in the
 * firmware's order.
 */
#include "kernel/host/smp.h"

#include "kernel/host/clock.h"
#include "kernel/host/lapic.h"
#include "kernel/host/mce.h"
#include "kernel/host/memory.h"
#include "kernel/host/mmu.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"

enum {
	INIT_WAIT_US = 10000,
	SIPI_WAIT_US = 200,
	START_PATIENCE_US = 10000000, /* between two arrivals; and for admission */
	ERROR_SIZE = 128,
	XAPIC_ID_MAX = 0xfe,
};

/* Shared with boot/ap.asm. */
enum gate { GATE_SHUT, GATE_OPEN, GATE_CLOSED };
struct ap_data {
	uint64_t cr3, entry, stack, argument;
	uint32_t gate;
};
_Static_assert(offsetof(struct ap_data, cr3) == 0 && offsetof(struct ap_data, entry) == 8 &&
		       offsetof(struct ap_data, stack) == 16 &&
		       offsetof(struct ap_data, argument) == 24 &&
		       offsetof(struct ap_data, gate) == 32 && GATE_SHUT == 0 && GATE_OPEN == 1 &&
		       GATE_CLOSED == 2,
	       "boot/ap.asm");

extern const uint8_t ap_start[], ap_end[];

enum ap_state {
	AP_ABSENT,
	AP_ALIVE,   /* has set apic_id, and waits */
	AP_CALLED,  /* told to run admission */
	AP_REFUSED, /* told to halt for good, or not admitted */
	AP_READY,
};

static struct {
	const struct acpi_cpus *list;
	smp_admit_fn *admit;
	char error[ERROR_SIZE]; /* of the CPU being admitted */
	uint64_t low;
	struct ap_data *data;	      /* in the second page at low */
	struct cpu *next;	      /* the record for the next arrival; NULL: none */
	bool no_memory;		      /* for another record */
	unsigned wanted, came, taken; /* CPUs wanted, CPUs that came, records taken */
	struct {
		bool wanted;
		struct cpu *cpu; /* set on arrival */
	} all[ACPI_CPUS_MAX];	 /* indexed as list */
} start;

static void set_state(struct cpu *cpu, enum ap_state state)
{
	__atomic_store_n(&cpu->state, state, __ATOMIC_RELEASE);
}

static enum ap_state state_of(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE);
}

/* ---- On the CPU being started ---- */

static _Noreturn void sleep_for_ever(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static _Noreturn void ap_main(struct cpu *cpu)
{
	cpu_load_descriptors(cpu);
	trap_load();
	cpu_enable_features();
	cpu->unfit = lapic_enable();
	cpu->apic_id = cpu->unfit ? lapic_initial_id() : lapic_id();
	set_state(cpu, AP_ALIVE);
	while (state_of(cpu) == AP_ALIVE)
		cpu_pause();
	if (state_of(cpu) == AP_REFUSED)
		sleep_for_ever();
	mce_init(); /* it logs cpu->number, which is set now */
	if (!start.admit(cpu, start.error, sizeof(start.error))) {
		set_state(cpu, AP_REFUSED);
		sleep_for_ever();
	}
	set_state(cpu, AP_READY);
	smp_work(cpu);
}

/* ---- The start-up pages ---- */

static uint8_t saved[MEMORY_LOW_SIZE];

/* The first page is executable, the second one writable; neither is both. */
static void lay_pages(void)
{
	uint64_t low = start.low, data = low + PAGE_SIZE;

	mmu_map(low, low + MEMORY_LOW_SIZE, MMU_WRITE);
	memcpy(saved, (void *)low, sizeof(saved));
	memcpy((void *)low, ap_start, (uintptr_t)ap_end - (uintptr_t)ap_start);
	mmu_map(low, data, MMU_EXEC);
	start.data = (struct ap_data *)data;
	*start.data = (struct ap_data){
		.cr3 = mmu_root(),
		.entry = (uintptr_t)ap_main,
		.gate = GATE_SHUT,
	};
}

/* Restores the contents: the firmware may keep unlisted data there. */
static void restore_pages(void)
{
	uint64_t low = start.low;

	mmu_map(low, low + MEMORY_LOW_SIZE, MMU_WRITE);
	memcpy((void *)low, saved, sizeof(saved));
	mmu_unmap(low, low + MEMORY_LOW_SIZE);
}

/* ---- The gate ---- */

static void set_gate(enum gate gate)
{
	__atomic_store_n(&start.data->gate, gate, __ATOMIC_RELEASE);
}

/* Opens the gate for one CPU. False: no memory for another record. */
static bool open_gate(void)
{
	if (start.next)
		return true;
	if (start.taken == ACPI_CPUS_MAX)
		return false;
	start.next = cpu_new();
	start.no_memory = !start.next;
	if (start.no_memory)
		return false;
	start.data->stack = (uintptr_t)cpu_stack_top(start.next);
	start.data->argument = (uintptr_t)start.next;
	set_gate(GATE_OPEN);
	return true;
}

/* The CPU that took the record has set apic_id: find it in the list. */
static void file(struct cpu *cpu)
{
	start.next = NULL;
	start.taken++;
	for (unsigned i = 0; i < start.list->n; i++)
		if (start.list->apic_id[i] == cpu->apic_id && start.all[i].wanted &&
		    !start.all[i].cpu) {
			start.all[i].cpu = cpu;
			start.came++;
			return;
		}
	set_state(cpu, AP_REFUSED);
	note("CPU with APIC ID %u is left out: it came, and is not listed", cpu->apic_id);
}

/* Waits until all have come, or none has come for that long. */
static void gather(uint64_t microseconds)
{
	struct clock_patience patience = clock_patience(microseconds);
	bool goes_on = true;

	while (start.came < start.wanted && open_gate() && goes_on) {
		goes_on = clock_is_patient(&patience);
		if (state_of(start.next) < AP_ALIVE)
			continue;
		file(start.next);
		patience = clock_patience(microseconds);
		goes_on = true;
	}
}

static bool wait_for(const struct cpu *cpu, enum ap_state state)
{
	struct clock_patience patience = clock_patience(START_PATIENCE_US);

	while (state_of(cpu) < state)
		if (!clock_is_patient(&patience))
			return state_of(cpu) >= state;
	return true;
}

/* Closes the gate for good. A CPU that arrives later halts there. */
static void close_gate(void)
{
	uint32_t open = GATE_OPEN;
	struct cpu *cpu = start.next;

	if (cpu && __atomic_compare_exchange_n(&start.data->gate, &open, GATE_CLOSED, false,
					       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		cpu_free(cpu);
		start.next = NULL;
		return;
	}
	set_gate(GATE_CLOSED);
	if (!cpu)
		return;
	if (wait_for(cpu, AP_ALIVE))
		file(cpu); /* it passed just before */
	else
		note("a CPU came up, and then no further");
}

/* ---- All CPUs ---- */

/* Sends to each wanted CPU that has not come. */
static void send_all(void send(uint32_t apic_id, uint64_t low))
{
	for (unsigned i = 0; i < start.list->n; i++)
		if (start.all[i].wanted && !start.all[i].cpu)
			send(start.list->apic_id[i], start.low);
}

static void send_init(uint32_t apic_id, uint64_t low)
{
	(void)low;
	lapic_send_init(apic_id);
}

static void send_startup(uint32_t apic_id, uint64_t low)
{
	if (!FAULT(AP_LOST))
		lapic_send_startup(apic_id, low);
}

/* Why a listed CPU is not started; NULL: it is. */
static const char *obstacle(uint32_t apic_id)
{
	if (apic_id > XAPIC_ID_MAX && !lapic_is_x2apic())
		return "its APIC ID needs x2APIC mode, which the firmware left off";
	/* One place is the boot CPU's, listed or not. */
	if (start.wanted == ACPI_CPUS_MAX - 1)
		return "there are too many";
	return NULL;
}

static void choose(uint32_t boot_id)
{
	for (unsigned i = 0; i < start.list->n; i++) {
		uint32_t id = start.list->apic_id[i];
		const char *why = id == boot_id ? NULL : obstacle(id);

		start.all[i].wanted = id != boot_id && !why;
		start.wanted += start.all[i].wanted;
		if (why)
			note("CPU with APIC ID %u is left out: %s", id, why);
	}
}

static void start_all(void)
{
	lay_pages();
	send_all(send_init);
	clock_wait(INIT_WAIT_US);
	send_all(send_startup);
	gather(SIPI_WAIT_US);
	send_all(send_startup);
	gather(START_PATIENCE_US);
	close_gate();
	if (start.came == start.wanted) {
		restore_pages();
		return;
	}
	/* INIT returns absent CPUs to wait-for-SIPI. One may still arrive late and must find the
	 * gate closed, so the pages are not restored. */
	send_all(send_init);
	if (!start.no_memory)
		note("waited for CPUs that do not come, once for all: %u came of %u", start.came,
		     start.wanted);
}

/* Returns NULL, or why the CPU is left out. */
static const char *admit(struct cpu *cpu)
{
	cpu->number = smp_count();
	if (cpu->unfit) {
		set_state(cpu, AP_REFUSED);
		return cpu->unfit;
	}
	set_state(cpu, AP_CALLED);
	if (!wait_for(cpu, AP_REFUSED))
		return "it came up, and then no further";
	return state_of(cpu) == AP_READY ? NULL : start.error;
}

static void admit_all(void)
{
	for (unsigned i = 0; i < start.list->n; i++) {
		struct cpu *cpu = start.all[i].cpu;
		const char *why = cpu		  ? admit(cpu) :
				  start.no_memory ? "no memory for its stacks" :
						    "it does not come up";

		if (!start.all[i].wanted)
			continue;
		if (!why)
			smp_add(cpu);
		else
			note("CPU with APIC ID %u is left out: %s", start.list->apic_id[i], why);
	}
}

void smp_start(struct cpu *boot, const struct acpi_cpus *list, uint64_t low, smp_admit_fn *admit_fn)
{
	boot->apic_id = lapic_id();
	smp_add(boot);
	panic_set_stop(smp_stop_others);
	start.list = list;
	start.admit = admit_fn;
	start.low = low;
	choose(boot->apic_id);
	if (start.wanted && !low) {
		note("other CPUs are not started: the firmware's memory map has no two free pages "
		     "below 640 KiB, which they begin in");
		return;
	}
	if (start.wanted)
		start_all();
	admit_all();
}
