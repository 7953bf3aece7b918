/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a guest that is a test, from nothing to its end. */
#ifndef KERNEL_SUITE_LIFE_H
#define KERNEL_SUITE_LIFE_H

#include "kernel/suite/guest_run.h"

struct life {
	struct vcpu vcpu;
	struct guest_run run;
	uint64_t seed;	      /* of what is random in it */
	unsigned of;	      /* vCPUs or copies, of which it is run.number */
	bool may_lack_memory; /* an allocation fails on purpose */
	bool started;
	bool over;	       /* it has ended, or never started */
	char error[VMM_WORDS]; /* not started: why */
};

/* CPUs that one guest's vCPUs can be on. */
unsigned life_cpus(void);

/* Makes the vCPU, on this CPU. */
void life_begin(struct life *life, struct cpu *cpu);

/* On the CPU that it is on: until its turn is over, or all of it. */
void life_go_on(struct life *life);

#endif
