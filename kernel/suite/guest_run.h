/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU of a test guest: its run, and what was observed. */
#ifndef KERNEL_SUITE_GUEST_RUN_H
#define KERNEL_SUITE_GUEST_RUN_H

#include "guest/guest.h"
#include "kernel/suite/vcpu_time.h"
#include "kernel/vm/vcpu_run.h"

struct guest_run {
	struct vcpu_run v; /* first: guest_run_of */
	const struct guest *guest;
	bool slice_timer; /* vmm_probe.slice_timer */
	unsigned number, vcpus; /* its number, of the vCPU or the copy; the number of vCPUs */
	bool *stop; /* shared by all vCPUs and copies; .v.stop points to it, too */
	uint64_t *rounds; /* shared, atomic: granted so far */
	uint64_t *active; /* shared, atomic: pieces of time in which one exited by itself */
	uint64_t (*more)(const struct guest_run *run); /* the result of HC_MORE */
	bool may_yield;	  /* HC_YIELD is allowed */

	uint64_t turns;	 /* turns that have begun */
	uint64_t slices; /* turns ended by the end of the slice */
	struct vcpu_time time;
	char output[GUEST_OUTPUT_MAX];
	unsigned output_length, output_printed;
	bool end_differs; /* an unexpected end was already reported */
};

static inline struct guest_run *guest_run_of(struct vcpu_run *run)
{
	return (struct guest_run *)run;
}

/* hypercall.c: the hook for hypercalls. */
bool guest_hypercall(struct vcpu_run *run, struct vcpu_exit *exit);

extern const struct vcpu_hooks guest_hooks, guest_hooks_tracing; /* guest_run.c */

/* Stops all vCPUs of the guest: this one failed, or could not start. Returns when each has
 * left the guest once. No-op if there is only one vCPU. */
void guest_run_stop_all(struct guest_run *run);

/* vcpu_time.c: the begin and the end of a turn; the hook for interrupts. */
void vcpu_time_begin(struct guest_run *run);
void vcpu_time_end(struct guest_run *run);
bool vcpu_time_interrupt(struct vcpu_run *run, struct vcpu_exit *exit);

/* For debuggers (test/gdb/nestbox.gdb): the run whose number is 0, while its turn lasts; else
 * NULL. */
extern struct guest_run *current_run;

#endif
