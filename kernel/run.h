/* SPDX-License-Identifier: BSD-2-Clause */
/* One guest as a test: build its world, run it, take it down, compare. */
#ifndef KERNEL_RUN_H
#define KERNEL_RUN_H

#include "guest/guest.h"
#include "kernel/vcpu_run.h"
#include "kernel/vmm_ops.h"

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
	bool timer; /* something can end a guest that does not exit */
};

/* A guest's row in the table at the end. */
struct run_row {
	struct aspace_counts counts;
	uint64_t exits, ticks;
	bool ran, ok;
	const char *starved; /* too much of its time was stolen to tell: in words */
};

/* Runs it and says on the console what was seen. True: all was as expected. */
bool run_guest(const struct machine *machine, const struct guest *guest, struct run_row *row);

/* The table of all guests that ran. */
void run_table(const struct run_row *rows);

#endif
