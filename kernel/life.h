/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a guest that is a test, from nothing to its end. */
#ifndef KERNEL_LIFE_H
#define KERNEL_LIFE_H

#include "kernel/run.h"
#include "kernel/vcpu_run.h"

struct life {
	struct vcpu vcpu;
	const struct machine *machine;
	struct guest_run run;
	unsigned of;	       /* vCPUs or copies, of which it is run.number */
	bool started;
	bool over;	       /* it has ended, or never started */
	char error[VMM_WORDS]; /* not started: why */
};

/* Makes the vCPU, on this CPU. */
void life_begin(struct life *life, struct cpu *cpu);

/* On the CPU that it is on: until its turn is over, or all of it. */
void life_go_on(struct life *life);

/* Copies of a guest that took turns, or one that wandered. turns.c. */
struct turns {
	uint64_t turns, slices;
	uint64_t switches; /* of copies: the CPU entered another root than the last time */
	uint64_t flushes;  /* made, by all CPUs that took part */
};

/* All of lives[n], on this CPU, until each is over. */
struct turns turns_take(struct life *lives, unsigned n, struct cpu *cpu);

/* This one, on all CPUs that there are in turn, beginning with the boot CPU, which asks. */
struct turns turns_wander(struct life *life);

/* CPUs that a guest which wanders comes to. */
unsigned turns_cpus(void);

#endif
