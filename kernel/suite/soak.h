/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soak=: vCPUs on all CPUs work on the same memory for some time, and have it
 * changed in all ways under each other (guest/soak). It passes if none of them
 * finds anything wrong, nothing is lost, and all of it happened: a kind of fault
 * or change that never came was not tested.
 */
#ifndef KERNEL_SUITE_SOAK_H
#define KERNEL_SUITE_SOAK_H

#include "kernel/suite/runner.h"

/* Runs it; says on the console what happened, and how often. True: all is well. */
bool soak_run(const struct machine *machine, uint64_t seconds, struct run_counts *counts);

#endif
