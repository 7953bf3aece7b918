/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a test guest, from its creation to its end. */
#ifndef KERNEL_SUITE_VCPU_THREAD_H
#define KERNEL_SUITE_VCPU_THREAD_H

#include "kernel/suite/guest_run.h"

struct vcpu_thread {
	struct vcpu vcpu;
	struct guest_run run;
	uint64_t seed;	      /* random seed for the guest */
	unsigned count;	          /* number of vCPUs or copies; this is run.number */
	bool may_lack_memory; /* allocation failures are injected */
	bool started;
	bool over;	       /* it has ended, or could not start */
	char error[VMM_TEXT_MAX]; /* why it could not start */
};

/* The number of CPUs that one guest can use: at most ASPACE_CPUS_MAX. */
unsigned vcpu_thread_cpus(void);

/* Creates the vCPU on this CPU. On failure, sets .over and .error, and stops the others. */
void vcpu_thread_start(struct vcpu_thread *thread, struct cpu *cpu);

/* Runs it, on the CPU where it is loaded, until its turn or its run ends. At the end, reports
 * and frees the vCPU, and sets .over. */
void vcpu_thread_run(struct vcpu_thread *thread);

#endif
