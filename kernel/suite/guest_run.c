/* SPDX-License-Identifier: BSD-2-Clause */
/* The vCPU loop's hooks for test guests: the console, time; hypercall.c has the hypercalls. */
#include "kernel/suite/guest_run.h"

#include "kernel/lib/format.h"
#include "kernel/lib/log.h"

struct guest_run *current_run;

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
	.hypercall = guest_hypercall, .port_write = on_port_write, .cpuid = on_cpuid

const struct vcpu_hooks guest_hooks = { HOOKS };
const struct vcpu_hooks guest_hooks_tracing = { HOOKS, .fault = trace_fault };
