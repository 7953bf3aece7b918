/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * soak=: vCPUs on all CPUs use the same memory, while they have the host change its
 * mappings in all ways (guest/soak). It passes if no vCPU finds an error, nothing is
 * lost, and each kind of fault and change occurred often enough: a kind that did not
 * occur was not tested.
 */
#ifndef KERNEL_SUITE_SOAK_H
#define KERNEL_SUITE_SOAK_H

#include "kernel/suite/runner.h"

/* Runs it for that many seconds, and reports how often each kind occurred. True: passed. */
bool soak_run(const struct machine *machine, uint64_t seconds, struct run_counts *counts);

#endif
