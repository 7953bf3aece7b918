/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a guest that is a test, from nothing to its end. */
#ifndef KERNEL_SUITE_VCPU_THREAD_H
#define KERNEL_SUITE_VCPU_THREAD_H

#include "kernel/suite/guest_run.h"

struct vcpu_thread {
	struct vcpu vcpu;
	struct guest_run run;
	uint64_t seed;	      /* of what is random in it */
	unsigned count;	          /* vCPUs or copies, of which it is run.number */
	bool may_lack_memory; /* an allocation fails on purpose */
	bool started;
	bool over;	       /* it has ended, or never started */
	char error[VMM_TEXT_MAX]; /* not started: why */
};

/* CPUs that one guest's vCPUs can be on. */
unsigned vcpu_thread_cpus(void);

/* Makes the vCPU, on this CPU. */
void vcpu_thread_start(struct vcpu_thread *thread, struct cpu *cpu);

/* On the CPU that it is on: until its turn is over, or all of it. */
void vcpu_thread_run(struct vcpu_thread *thread);

#endif
