/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two schedules: several address spaces take turns on one CPU; a vCPU migrates from
 * CPU to CPU.
 *
 * A CPU remembers its last flush of only one root. So it flushes whenever it enters
 * another root than before, whether translations are tagged by the root (EPT) or all
 * guests share one tag (ASID). Hence the test expects exactly one flush for each switch.
 */
#include "kernel/suite/timeslice.h"

#include "kernel/host/smp.h"

static uint64_t count_made(unsigned cpus)
{
	uint64_t made = 0;

	for (unsigned i = 0; i < cpus; i++)
		made += tlb_cpu(smp_cpu(i))->nflushes;
	return made;
}

struct timeslices timeslice_run(struct vcpu_thread *threads, unsigned n, struct cpu *cpu)
{
	struct timeslices seen = { 0 };
	const struct vcpu_thread *last = NULL;
	uint64_t made = tlb_cpu(cpu)->nflushes;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		vcpu_thread_start(&threads[i], cpu);
		left += !threads[i].over;
	}
	for (unsigned i = 0; left; i = (i + 1) % n) {
		if (threads[i].over)
			continue;
		seen.switches += last != &threads[i];
		last = &threads[i];
		vcpu_thread_run(&threads[i]);
		left -= threads[i].over;
	}
	for (unsigned i = 0; i < n; i++) {
		seen.turns += threads[i].run.turns;
		seen.slices += threads[i].run.slices;
	}
	seen.flushes = tlb_cpu(cpu)->nflushes - made;
	return seen;
}

/* One turn, on this CPU. */
static void visit(struct cpu *cpu, void *arg)
{
	struct vcpu_thread *thread = arg;

	if (!thread->run.turns) {
		vcpu_thread_start(thread, cpu);
	} else {
		thread->vcpu.cpu = cpu;
		thread->run.v.ops->vcpu_load(&thread->vcpu);
	}
	if (!thread->over)
		vcpu_thread_run(thread);
	if (!thread->over)
		thread->run.v.ops->vcpu_unload(&thread->vcpu);
}

struct timeslices migrate_run(struct vcpu_thread *thread)
{
	unsigned cpus = vcpu_thread_cpus();
	uint64_t made = count_made(cpus);

	for (unsigned i = 0; !thread->over; i = (i + 1) % cpus) {
		if (!i) {
			visit(this_cpu(), thread);
			continue;
		}
		smp_run(smp_cpu(i), visit, thread);
		smp_wait(smp_cpu(i));
	}
	return (struct timeslices){ .turns = thread->run.turns,
			       .slices = thread->run.slices,
			       .flushes = count_made(cpus) - made };
}
