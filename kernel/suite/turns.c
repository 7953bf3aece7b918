/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs next, where there is a choice: several address spaces take turns on one
 * CPU; a vCPU goes from CPU to CPU.
 *
 * A CPU keeps the flush ledger of one root only. So it flushes whenever it enters
 * another than the last time, whether translations are tagged by the root (EPT)
 * or all guests have one tag (ASID): one flush for each switch, and no more, is what
 * can be counted.
 */
#include "kernel/suite/turns.h"

#include "kernel/host/smp.h"

static uint64_t count_made(unsigned cpus)
{
	uint64_t made = 0;

	for (unsigned i = 0; i < cpus; i++)
		made += tlb_cpu(smp_cpu(i))->nflushes;
	return made;
}

struct turns turns_take(struct life *lives, unsigned n, struct cpu *cpu)
{
	struct turns seen = { 0 };
	const struct life *last = NULL;
	uint64_t made = tlb_cpu(cpu)->nflushes;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		life_begin(&lives[i], cpu);
		left += !lives[i].over;
	}
	for (unsigned i = 0; left; i = (i + 1) % n) {
		if (lives[i].over)
			continue;
		seen.switches += last != &lives[i];
		last = &lives[i];
		life_go_on(&lives[i]);
		left -= lives[i].over;
	}
	for (unsigned i = 0; i < n; i++) {
		seen.turns += lives[i].run.turns;
		seen.slices += lives[i].run.slices;
	}
	seen.flushes = tlb_cpu(cpu)->nflushes - made;
	return seen;
}

/* One turn, on the CPU that it is for. */
static void visit(struct cpu *cpu, void *arg)
{
	struct life *life = arg;

	if (!life->run.turns) {
		life_begin(life, cpu);
	} else {
		life->vcpu.cpu = cpu;
		life->run.v.ops->vcpu_load(&life->vcpu);
	}
	if (!life->over)
		life_go_on(life);
	if (!life->over)
		life->run.v.ops->vcpu_unload(&life->vcpu);
}

struct turns turns_wander(struct life *life)
{
	unsigned cpus = life_cpus();
	uint64_t made = count_made(cpus);

	for (unsigned i = 0; !life->over; i = (i + 1) % cpus) {
		if (!i) {
			visit(this_cpu(), life);
			continue;
		}
		smp_run(smp_cpu(i), visit, life);
		smp_wait(smp_cpu(i));
	}
	return (struct turns){ .turns = life->run.turns,
			       .slices = life->run.slices,
			       .flushes = count_made(cpus) - made };
}
