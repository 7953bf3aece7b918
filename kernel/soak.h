/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soak=: vCPUs on all CPUs work on the same memory for some time, and have it
 * changed in all ways under each other (guest/soak). It passes if none of them
 * finds anything wrong, nothing is lost, and all of it happened: a kind of fault
 * or change that never came was not tested.
 */
#ifndef KERNEL_SOAK_H
#define KERNEL_SOAK_H

#include "kernel/run.h"
#include "kernel/vcpu_run.h"

/* Runs it; says on the console what happened, and how often. True: all is well. */
bool soak_run(const struct machine *machine);

/*
 * What is left of this vCPU's time, in eighths of it, a part counts; 0: nothing. The
 * last one is longer if some kind of change has not come often enough. The first vCPU
 * says now and then how far it is.
 */
uint64_t soak_left(const struct guest_run *run);

/* How long it takes at most, in ticks of the TSC; 0: it is no soak. */
uint64_t soak_ticks_max(const struct guest_run *run);

#endif
