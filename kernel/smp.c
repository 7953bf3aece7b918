/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM vol. 3A, 9.4.4 "MP Initialization Example"; AMD APM vol. 2, 15.27.8 and 16.5. */
#include "kernel/smp.h"

#include "kernel/clock.h"
#include "kernel/fault.h"
#include "kernel/format.h"
#include "kernel/lapic.h"
#include "kernel/mmu.h"
#include "kernel/panic.h"
#include "kernel/log.h"
#include "kernel/stack.h"
#include "kernel/string.h"
#include "kernel/trap.h"
#include "kernel/trap_frame.h"
#include "kernel/x86.h"

enum {
	INIT_WAIT_US = 10000,
	SIPI_WAIT_US = 200,
	START_PATIENCE_US = 10000000, /* for the first sign of life, and for admission */
	ERROR_SIZE = 128,
	XAPIC_ID_MAX = 0xfe,
};

/* What boot/ap.asm finds behind its code. */
struct ap_data {
	uint64_t cr3, stack, argument, entry;
};

extern const uint8_t ap_start[], ap_end[], ap_data[];

enum ap_state { AP_ABSENT, AP_ALIVE, AP_REFUSED, AP_READY };

static struct {
	struct cpu *cpus[ACPI_CPUS_MAX];
	unsigned count;
	smp_admit_fn *admit;
	char error[ERROR_SIZE]; /* of the one that is being started */
} smp;

unsigned smp_count(void)
{
	return smp.count;
}

struct cpu *smp_cpu(unsigned n)
{
	ASSERT(n < smp.count);
	return smp.cpus[n];
}

static void set_state(struct cpu *cpu, enum ap_state state)
{
	__atomic_store_n(&cpu->state, state, __ATOMIC_RELEASE);
}

static enum ap_state state_of(const struct cpu *cpu)
{
	return __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE);
}

static _Noreturn void sleep_for_ever(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* STI lets no interrupt in before HLT has begun: none is slept through. */
static void sleep(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static _Noreturn void work(struct cpu *cpu)
{
	for (;;) {
		smp_fn *fn = __atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE);

		if (!fn) {
			sleep();
			continue;
		}
		fn(cpu, cpu->work_arg);
		__atomic_store_n(&cpu->work, NULL, __ATOMIC_RELEASE);
	}
}

static _Noreturn void ap_main(struct cpu *cpu)
{
	cpu_init(cpu);
	trap_load();
	set_state(cpu, AP_ALIVE);
	cpu_set_up();
	if (!lapic_enable())
		format(smp.error, sizeof(smp.error), "its local APIC is off, or in another mode");
	else if (smp.admit(cpu, smp.error, sizeof(smp.error)))
		set_state(cpu, AP_READY);
	if (state_of(cpu) != AP_READY) {
		set_state(cpu, AP_REFUSED);
		sleep_for_ever();
	}
	work(cpu);
}

/* The one that is started next finds its stack and itself in the page at low. */
static void prepare(struct cpu *cpu, uint64_t low)
{
	struct ap_data data = {
		.cr3 = mmu_root(),
		.stack = (uintptr_t)cpu_stack_top(cpu),
		.argument = (uintptr_t)cpu,
		.entry = (uintptr_t)ap_main,
	};

	mmu_map(low, low + PAGE_SIZE, MMU_WRITE);
	memcpy((void *)low, ap_start, (uintptr_t)ap_end - (uintptr_t)ap_start);
	memcpy((void *)(low + ((uintptr_t)ap_data - (uintptr_t)ap_start)), &data, sizeof(data));
	mmu_map(low, low + PAGE_SIZE, MMU_EXEC);
}

static bool wait_for(const struct cpu *cpu, enum ap_state state, uint64_t microseconds)
{
	struct clock_patience patience = clock_patience(microseconds);

	while (state_of(cpu) < state)
		if (!clock_is_patient(&patience))
			return state_of(cpu) >= state;
	return true;
}

static bool wake(const struct cpu *cpu, uint64_t low)
{
	lapic_send_init(cpu->apic_id);
	clock_wait(INIT_WAIT_US);
	if (FAULT(AP_LOST))
		return false;
	lapic_send_startup(cpu->apic_id, low);
	if (wait_for(cpu, AP_ALIVE, SIPI_WAIT_US))
		return true;
	lapic_send_startup(cpu->apic_id, low);
	if (wait_for(cpu, AP_ALIVE, START_PATIENCE_US))
		return true;
	/* If it came now, it would find the next one's stack: back to waiting for a SIPI. */
	lapic_send_init(cpu->apic_id);
	return false;
}

/* NULL, or why it does not take part. What it was given stays with it if it came alive. */
static const char *start(struct cpu *cpu, uint64_t low)
{
	if (cpu->apic_id > XAPIC_ID_MAX && !lapic_is_x2apic())
		return "its APIC ID needs x2APIC mode, which the firmware left off";
	prepare(cpu, low);
	if (!wake(cpu, low))
		return "it does not come up";
	if (!wait_for(cpu, AP_REFUSED, START_PATIENCE_US))
		return "it came up, and then no further";
	return state_of(cpu) == AP_READY ? NULL : smp.error;
}

static void start_one(uint32_t apic_id, uint64_t low)
{
	struct cpu *cpu = cpu_new(smp.count, apic_id);
	const char *why = cpu ? start(cpu, low) : "no memory for its stacks";

	if (!why) {
		smp.cpus[smp.count++] = cpu;
		return;
	}
	note("CPU with APIC ID %u is left out: %s", apic_id, why);
	/* Its stacks are lost: it may still come up some day. */
}

void smp_start(struct cpu *boot, const struct acpi_cpus *list, uint64_t low, smp_admit_fn *admit)
{
	boot->apic_id = lapic_id();
	smp.cpus[0] = boot;
	smp.count = 1;
	smp.admit = admit;
	panic_set_stop(smp_stop_others);
	for (unsigned i = 0; i < list->n; i++)
		if (list->apic_id[i] != boot->apic_id)
			start_one(list->apic_id[i], low);
	if (smp.count > 1)
		mmu_unmap(low, low + PAGE_SIZE);
}

void smp_run(struct cpu *cpu, smp_fn *fn, void *arg)
{
	ASSERT(!cpu->work && cpu != this_cpu());
	cpu->work_arg = arg;
	__atomic_store_n(&cpu->work, fn, __ATOMIC_RELEASE);
	lapic_send_fixed(cpu->apic_id, LAPIC_VECTOR_WAKE);
}

void smp_wait(const struct cpu *cpu)
{
	while (__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE)) {
		log_alive();
		cpu_pause();
	}
}

void smp_stop_others(void)
{
	trap_stop_on_nmi();
	/* By the APIC's number: this_cpu may be what is broken. */
	for (unsigned i = 0; i < smp.count; i++)
		if (smp.cpus[i]->apic_id != lapic_id())
			lapic_send_nmi(smp.cpus[i]->apic_id);
}
