/* SPDX-License-Identifier: BSD-2-Clause */
/* One guest as a test: build its world, run it, take it down, compare. */
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
	uint64_t seed; /* of what is random in guests */
	uint64_t fail_alloc; /* cmdline.h: which allocation of each guest fails */
	unsigned leaf; /* cmdline.h: the largest leaf that is wanted */
	/* What HC_MORE says, and what that takes in ticks; NULL: the guest's rounds. */
	uint64_t (*more)(const struct guest_run *run);
	uint64_t more_budget;
	uint64_t slow; /* cmdline.h */
	bool fep; /* cmdline.h */
	bool timer; /* something can end a guest that does not exit */
};

struct run_counts {
	struct aspace_counts memory;
	uint64_t exits, ticks; /* of all its vCPUs or copies; of the first one */
	const char *starved;   /* it got too little time for a result: in words; else NULL */
};

/* Runs it, says on the console what was seen, and counts it. True: all was as expected. */
bool run_guest(const struct machine *machine, const struct guest *guest,
	       struct run_counts *counts);

#endif
