/* SPDX-License-Identifier: BSD-2-Clause */
/* The vCPU loop's hooks for test guests: hypercalls, the console, time. */
#include "kernel/suite/guest_run.h"

#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/host/registers.h"
#include "kernel/suite/report.h"

struct guest_run *current_run;

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

static bool on_hypercall(struct vcpu_run *run, struct vcpu_exit *exit)
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

/* Output beyond the buffer is dropped and not shown, so a guest cannot fill the log. */
static void guest_putc(struct guest_run *run, char c)
{
	char words[4 * GUEST_OUTPUT_MAX];

	if (run->output_length == sizeof(run->output) - 1)
		return;
	run->output[run->output_length++] = c;
	if (c != '\n')
		return;
	format_escaped(words, sizeof(words), run->output + run->output_printed,
		       run->output_length - run->output_printed - 1);
	note("%s says: %s", run->guest->name, words);
	run->output_printed = run->output_length;
}

static bool on_port_write(struct vcpu_run *run, uint16_t port, unsigned size, uint32_t value)
{
	if (port != GUEST_CONSOLE_PORT || size != 1)
		return false;
	guest_putc(guest_run_of(run), (char)value);
	return true;
}

static bool on_cpuid(uint32_t leaf, struct cpuid_regs *regs)
{
	if (leaf != CPUID_NESTBOX)
		return false;
	*regs = (struct cpuid_regs){ CPUID_NESTBOX, CPUID_NESTBOX_EBX, CPUID_NESTBOX_ECX,
				     CPUID_NESTBOX_EDX };
	return true;
}

static const char *access_word(const struct vcpu_exit *exit)
{
	return exit->fault.walk			       ? "walk" :
	       exit->fault.access == ACCESS_EXEC ? "x" :
	       exit->fault.access == ACCESS_WRITE ? "w" : "r";
}

static void trace_fault(struct vcpu_run *run, const struct vcpu_exit *exit,
			const struct aspace_plan *plan)
{
	const char *region = plan->region ? plan->region->name : "nowhere";
	const char *populates =
		aspace_is_populated(run->as, exit->fault.gpa) ? "" : "populates, ";
	char what[80];

	if (plan->outcome == ASPACE_HOLE)
		format(what, sizeof(what), "ends the guest: nothing is there");
	else if (plan->outcome == ASPACE_DENIED)
		format(what, sizeof(what), "ends the guest: the region is %s",
		       region_rights(plan->region));
	else if (plan->level > 1)
		format(what, sizeof(what), "%smaps %s of %s %s", populates,
		       plan->level == 2 ? "2 MiB" : "1 GiB",
		       plan->image_page != UINT64_MAX ? "its image" : "zeroes",
		       region_leaf_rights(plan->region, plan->level, run->as->gpt.caps.small_exec));
	else if (plan->image_page != UINT64_MAX)
		format(what, sizeof(what), "%smaps image page %lu %s", populates,
		       (unsigned long)plan->image_page, region_rights(plan->region));
	else
		format(what, sizeof(what), "%smaps a zero page %s", populates,
		       region_rights(plan->region));
	log_line("fault %s gpa=0x%012lx %s %s %s", guest_run_of(run)->guest->name,
		    (unsigned long)exit->fault.gpa, access_word(exit), region, what);
}

void guest_run_stop_all(struct guest_run *run)
{
	if (run->vcpus == 1)
		return;
	__atomic_store_n(run->stop, true, __ATOMIC_SEQ_CST);
	tlb_shootdown(&run->v.as->ctx); /* each vCPU leaves the guest once, and sees the flag */
}

static void begin(struct vcpu_run *run)
{
	struct guest_run *g = guest_run_of(run);

	if (!g->number)
		current_run = g;
	g->turns++;
	vcpu_time_begin(g);
}

static void end(struct vcpu_run *run)
{
	struct guest_run *g = guest_run_of(run);

	vcpu_time_end(g);
	if (!g->number)
		current_run = NULL;
}

#define HOOKS                                                                             \
	.begin = begin, .end = end, .interrupt = vcpu_time_interrupt,                     \
	.hypercall = on_hypercall, .port_write = on_port_write, .cpuid = on_cpuid

const struct vcpu_hooks guest_hooks = { HOOKS };
const struct vcpu_hooks guest_hooks_tracing = { HOOKS, .fault = trace_fault };
