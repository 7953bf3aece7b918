/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs next, where there is a choice. */
#ifndef KERNEL_SUITE_TIMESLICE_H
#define KERNEL_SUITE_TIMESLICE_H

#include "kernel/suite/vcpu_thread.h"

/* Copies of a guest that took turns, or one that wandered. */
struct timeslices {
	uint64_t turns, slices;
	uint64_t switches; /* of copies: the CPU entered another root than the last time */
	uint64_t flushes;  /* made, by all CPUs that took part */
};

/* All of threads[n], on this CPU, until each is over. */
struct timeslices timeslice_run(struct vcpu_thread *threads, unsigned n, struct cpu *cpu);

/* This one, on all CPUs that there are in turn, beginning with the boot CPU, which asks. */
struct timeslices migrate_run(struct vcpu_thread *thread);

#endif
