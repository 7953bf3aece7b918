/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/smp.h"

#include "kernel/host/clock.h"
#include "kernel/host/lapic.h"
#include "kernel/host/nmi.h"
#include "kernel/host/panic.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

enum { WAIT_PATIENCE_US = 30000000 }; /* without progress */

static struct {
	struct cpu *cpus[ACPI_CPUS_MAX];
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
	ASSERT(smp.count < ACPI_CPUS_MAX);
	smp.cpus[smp.count++] = cpu;
}

/*
 * No wake-up is lost: STI delays interrupts until HLT has begun, and no handler returns to
 * that HLT (trap.c, which uses the labels).
 */
void smp_sleep(void);
__asm__(".pushsection .text\n"
	".globl smp_sleep, smp_sleeping, smp_awake\n"
	"smp_sleep: sti\n"
	"smp_sleeping: hlt\n"
	"smp_awake: cli\n"
	"ret\n"
	".popsection");

/* A deliberate hardware fault: STI's shadow ends before HLT, as after an NMI in the shadow,
 * while the wake-up is pending. */
static void lose_shadow(const struct cpu *cpu)
{
	while (!__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE) ||
	       !lapic_is_pending(LAPIC_VECTOR_WAKE))
		cpu_pause();
	__asm__ volatile("sti; call smp_sleeping" : : : "memory");
}

_Noreturn void smp_work(struct cpu *cpu)
{
	for (;;) {
		smp_fn *fn = __atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE);

		if (!fn) {
			if (FAULT(WAKE_SHADOW) || FAULT(WAKE_LOST))
				lose_shadow(cpu);
			else
				smp_sleep();
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

static smp_trace_fn *trace_fn;

void smp_set_trace(smp_trace_fn *fn)
{
	trace_fn = fn;
}

static const char *trace_of(const struct cpu *cpu, uint64_t *trace)
{
	*trace = 0;
	return trace_fn ? trace_fn(cpu, trace) : "nothing is known of what it did";
}

static _Noreturn void give_up(const struct cpu *cpu)
{
	uint64_t trace;

	panic("CPU %u (APIC ID %u) was given something to do, and does not come to an end: %s; it "
	      "took %lu NMIs; if the host below is slow, say slow=",
	      cpu->number, cpu->apic_id, trace_of(cpu, &trace), (unsigned long)cpu->nmis);
}

void smp_wait(const struct cpu *cpu)
{
	struct clock_patience patience = clock_patience(WAIT_PATIENCE_US);
	uint64_t trace, last;

	trace_of(cpu, &last);
	while (__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE)) {
		log_alive();
		trace_of(cpu, &trace);
		if (trace != last) {
			last = trace;
			patience = clock_patience(WAIT_PATIENCE_US);
		}
		if (!clock_is_patient(&patience))
			give_up(cpu);
	}
}

void smp_stop_others(void)
{
	trap_stop_on_nmi();
	/* Compare APIC IDs, since this_cpu may be what is broken. */
	for (unsigned i = 0; i < smp.count; i++)
		if (smp.cpus[i]->apic_id != lapic_id())
			nmi_send(smp.cpus[i]);
}
