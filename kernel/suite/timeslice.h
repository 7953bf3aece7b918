/* SPDX-License-Identifier: BSD-2-Clause */
/* Schedules copies that take turns on one CPU, and a guest that migrates. */
#ifndef KERNEL_SUITE_TIMESLICE_H
#define KERNEL_SUITE_TIMESLICE_H

#include "kernel/suite/vcpu_thread.h"

struct timeslices {
	uint64_t turns, slices;
	uint64_t switches; /* copies: how often the CPU entered another root than before */
	uint64_t flushes;  /* made by all CPUs that took part */
};

/* Runs threads[0..n-1] in turn on this CPU until all are over. cpu: this CPU. */
struct timeslices timeslice_run(struct vcpu_thread *threads, unsigned n, struct cpu *cpu);

/* Runs it on each CPU in turn, until it is over. Call it on the boot CPU, which is the first. */
struct timeslices migrate_run(struct vcpu_thread *thread);

#endif
