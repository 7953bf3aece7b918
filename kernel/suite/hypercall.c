/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypercalls of test guests: guest/abi.h. */
#include "kernel/host/registers.h"
#include "kernel/lib/format.h"
#include "kernel/suite/guest_run.h"
#include "kernel/suite/report.h"

static bool report_value(const struct guest_run *run, uint32_t which, uint64_t value)
{
	const struct guest_value *v = run->guest->values;
	char name[48];

	if (which >= GUEST_VALUES_MAX || !v[which].name)
		return false;
	v += which;
	if (run->v.shared && run->number)
		format(name, sizeof(name), "%s.vcpu%u", v->name, run->number);
	else
		format(name, sizeof(name), "%s", v->name);
	report_figure(run->guest->name, name, value, v->unit);
	return true;
}

#define SAME_OP(op) _Static_assert(MEMORY_##op == (int)ASPACE_##op, "guest/abi.h, aspace.h")
SAME_OP(SPLIT);
SAME_OP(MERGE);
SAME_OP(READ_ONLY);
SAME_OP(UNMAP);
SAME_OP(MOVE);
SAME_OP(CLEAN);
SAME_OP(NO_EXEC);
SAME_OP(VACATE);
SAME_OP(OPS);

static bool on_memory(struct vcpu_run *run, struct vcpu_exit *exit)
{
	uint64_t gpa = *vcpu_reg(run, REG_RBX);
	enum aspace_outcome outcome;

	vcpu_forget_fetch(run);
	aspace_reap(run->as);
	outcome = aspace_change(run->as, (uint32_t)*vcpu_reg(run, REG_RDX), gpa,
				*vcpu_reg(run, REG_RCX));
	if (outcome == ASPACE_NO_MEMORY) {
		run->end.gpa = gpa;
		return vcpu_end(run, exit, END_MEMORY);
	}
	*vcpu_reg(run, REG_RAX) = outcome == ASPACE_MAPPED ? 0 : UINT64_MAX;
	return vcpu_skip(run, exit);
}

bool guest_hypercall(struct vcpu_run *run, struct vcpu_exit *exit)
{
	const struct guest_run *g = guest_run_of(run);
	uint64_t number = (uint32_t)*vcpu_reg(run, REG_RAX);
	bool ok = false;

	if (number == HC_DONE) {
		run->end.value = *vcpu_reg(run, REG_RBX);
		return vcpu_end(run, exit, END_DONE);
	}
	if (number == HC_MEMORY)
		return on_memory(run, exit);
	if (number == HC_MORE) {
		*vcpu_reg(run, REG_RAX) = g->more(g);
		return vcpu_skip(run, exit);
	}
	if (number == HC_YIELD && g->may_yield) {
		*vcpu_reg(run, REG_RAX) = 0;
		return vcpu_skip(run, exit) && vcpu_pause(run);
	}
	if (number == HC_VALUE)
		ok = report_value(g, (uint32_t)*vcpu_reg(run, REG_RCX), *vcpu_reg(run, REG_RBX));
	else if (number == HC_INJECT)
		ok = vcpu_event_request(run, *vcpu_reg(run, REG_RDX), *vcpu_reg(run, REG_RCX),
				    *vcpu_reg(run, REG_RBX));
	*vcpu_reg(run, REG_RAX) = ok ? 0 : UINT64_MAX;
	return vcpu_skip(run, exit);
}
