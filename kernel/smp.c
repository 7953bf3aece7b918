/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/smp.h"

#include "kernel/clock.h"
#include "kernel/fault.h"
#include "kernel/format.h"
#include "kernel/lapic.h"
#include "kernel/mmu.h"
#include "kernel/panic.h"
#include "kernel/report.h"
#include "kernel/stack.h"
#include "kernel/string.h"
#include "kernel/trap.h"
#include "kernel/trap_frame.h"
#include "kernel/x86.h"

static struct {
	struct cpu *cpus[1 + ACPI_CPUS_MAX]; /* the boot CPU may not be among those that are listed */
	unsigned count;
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

void smp_add(struct cpu *cpu)
{
	ASSERT(smp.count < sizeof(smp.cpus) / sizeof(smp.cpus[0]));
	smp.cpus[smp.count++] = cpu;
}

/* STI lets no interrupt in before HLT has begun: none is slept through. */
static void sleep(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

_Noreturn void smp_work(struct cpu *cpu)
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
		report_alive();
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
