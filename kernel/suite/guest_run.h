/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a guest that is a test: what is run, and what was seen of it. */
#ifndef KERNEL_SUITE_GUEST_RUN_H
#define KERNEL_SUITE_GUEST_RUN_H

#include "guest/guest.h"
#include "kernel/vm/vcpu_run.h"
#include "kernel/suite/vcpu_time.h"

struct guest_run {
	struct vcpu_run v; /* first: guest_run_of */
	const struct guest *guest;
	bool slice_timer; /* vmm_probe.slice_timer */
	unsigned number, vcpus; /* this one of how many */
	bool *stop; /* what .v.stop points to: set by one of them, for all */
	uint64_t *rounds; /* granted so far, to all of them */
	uint64_t *active; /* pieces of time in which one of them exited by itself */
	uint64_t (*more)(const struct guest_run *run); /* what HC_MORE says */
	bool may_yield;	  /* its turns are more than one */

	uint64_t turns;	 /* its life came in so many pieces */
	uint64_t slices; /* of them, cut off by the end of its slice */
	struct vcpu_time time;
	char output[GUEST_OUTPUT_MAX];
	unsigned output_length, output_printed;
	bool end_differs; /* from what was expected, and that was said */
};

static inline struct guest_run *guest_run_of(struct vcpu_run *run)
{
	return (struct guest_run *)run;
}

extern const struct vcpu_hooks guest_hooks, guest_hooks_tracing; /* guest_run.c */

/* Another vCPU of the guest ended as it should not, or could not begin: none goes on. */
void guest_run_stop_all(struct guest_run *run);

/* vcpu_time.c: a turn begins and ends; the hook for interrupts. */
void vcpu_time_begin(struct guest_run *run);
void vcpu_time_end(struct guest_run *run);
bool vcpu_time_interrupt(struct vcpu_run *run, struct vcpu_exit *exit);

/* The one that runs on the boot CPU; NULL between guests. For debuggers: test/gdb/nestbox.gdb. */
extern struct guest_run *current_run;

#endif
