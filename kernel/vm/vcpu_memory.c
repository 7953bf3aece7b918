/* SPDX-License-Identifier: BSD-2-Clause */
/* Second-level faults. */
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/vm/vcpu_handlers.h"

bool on_fault(struct vcpu_run *run, struct vcpu_exit *exit)
{
	static const enum vcpu_end_kind ends[] = {
		[ASPACE_HOLE] = END_HOLE,
		[ASPACE_DENIED] = END_DENIED,
		[ASPACE_NO_MEMORY] = END_MEMORY,
		[ASPACE_REFUSED] = END_UNEXPECTED,
	};
	struct aspace_plan plan = aspace_plan_fault(run->as, exit);
	enum aspace_outcome outcome;

	if (run->hooks->fault)
		run->hooks->fault(run, exit, &plan);
	outcome = aspace_fault(run->as, exit, &plan);
	if (outcome == ASPACE_MAPPED || outcome == ASPACE_SPURIOUS) {
		if (exit->pending.valid && !FAULT(EVENT_LOST))
			vcpu_inject(run, &exit->pending);
		return true;
	}
	if (outcome == ASPACE_REFUSED)
		format(run->end_words, sizeof(run->end_words),
		       "hardware faults on gpa 0x%lx although it is mapped",
		       (unsigned long)exit->fault.gpa);
	run->end.gpa = exit->fault.gpa;
	run->end.access = exit->fault.access;
	run->end.walk = exit->fault.walk;
	run->end.mapped = exit->fault.present;
	return vcpu_end(run, exit, ends[outcome]);
}

bool vcpu_touch(struct vcpu_run *run, const struct vcpu_exit *exit, uint64_t gpa)
{
	struct vcpu_exit fault = {
		.kind = EXIT_FAULT,
		.fault = { .gpa = gpa, .access = ACCESS_READ, .walk = true },
		.rip = exit->rip,
	};

	if (aspace_ptr(run->as, gpa))
		return true;
	run->exits[EXIT_FAULT]++;
	return on_fault(run, &fault);
}
