/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs one guest as a test: sets it up, runs it, compares, tears it down. */
#ifndef KERNEL_SUITE_RUNNER_H
#define KERNEL_SUITE_RUNNER_H

#include "guest/guest.h"
#include "kernel/suite/guest_run.h"
#include "kernel/vm/vmm_ops.h"

struct machine {
	const struct vmm_ops *ops;
	struct vmm_probe *probe;
	struct cpu *cpu;
	bool trace;
	uint64_t seed; /* the random seed for guests */
	uint64_t fail_alloc; /* cmdline.h: which allocation of each guest fails */
	unsigned leaf; /* cmdline.h: the level of the largest leaf */
	/* The result of HC_MORE, NULL: by .rounds; and TSC ticks to add to the time limit. */
	uint64_t (*more)(const struct guest_run *run);
	uint64_t more_budget;
	uint64_t slow; /* cmdline.h */
	bool fep; /* cmdline.h */
	bool timer; /* a timer can interrupt a guest */
};

struct run_counts {
	struct aspace_counts memory;
	uint64_t exits, ticks; /* exits of all vCPUs or copies; TSC ticks of the first one */
	const char *starved;   /* why it got too little time for a result; NULL: it did not */
};

/* Runs it, reports on the console, and fills in counts. True: all was as expected. With
 * counts->starved, there is no verdict on the guest. */
bool run_guest(const struct machine *machine, const struct guest *guest,
	       struct run_counts *counts);

#endif
