/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's life: from its first entry to its end, one exit after the other. */
#ifndef KERNEL_VCPU_RUN_H
#define KERNEL_VCPU_RUN_H

#include "guest/guest.h"
#include "kernel/vcpu_time.h"
#include "kernel/vmm_ops.h"

struct guest_run {
	const struct guest *guest;
	const struct vmm_ops *ops;
	struct aspace *as;
	struct vcpu *vcpu;
	bool trace;
	bool slice_timer; /* vmm_probe.slice_timer */
	unsigned number, vcpus; /* this one of how many */
	bool *stop; /* set by one of them, for all */
	uint64_t *rounds; /* granted so far, to all of them */
	uint64_t *active; /* pieces of time in which one of them exited by itself */
	uint64_t (*more)(const struct guest_run *run); /* what HC_MORE says */
	bool may_yield;	  /* its turns are more than one */
	bool yielded;	  /* only a turn is over, not its life */

	struct vcpu_event waiting; /* an interrupt, for its window */
	bool injects;		   /* an event goes in at the next entry */

	/* What was seen. */
	struct vcpu_exit exit; /* the last one */
	uint64_t exits[EXIT_KINDS];
	uint64_t denied; /* ports and MSRs that the policy refused */
	uint64_t turns;	 /* its life came in so many pieces */
	uint64_t slices; /* of them, cut off by the end of its slice */
	struct vcpu_time time;
	char output[GUEST_OUTPUT_MAX];
	unsigned output_length, output_printed;
	struct guest_end end;
	uint64_t end_rip;
	bool end_differs; /* from what was expected, and that was said */
	char end_words[VMM_WORDS]; /* UNEXPECTED, ENTRY_FAILED: why */

	/* Where the last instruction was fetched from, for CPUs that do not
	 * give an instruction's length: page of gva, under cr3, is at host. */
	uint64_t window_gva, window_cr3;
	const uint8_t *window;
};

/*
 * Runs run->guest on run->vcpu to its end, which is in run->end afterwards; or to the
 * end of its turn (run->yielded), and then from there on.
 */
void vcpu_run(struct guest_run *run);

/* Another vCPU of the guest ended as it should not, or could not begin: none goes on. */
void vcpu_stop_all(const struct guest_run *run);

/* The exits that the guest caused itself. */
uint64_t vcpu_own_exits(const struct guest_run *run);

/* Who is running on the boot CPU; NULL between guests. For debuggers: test/gdb/nestbox.gdb. */
extern struct guest_run *current_run;

extern const char *const vcpu_exit_names[EXIT_KINDS];

#endif
