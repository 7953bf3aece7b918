/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vCPU loop. enter, decode, handle, again: each kind of exit has one
 * handler (vcpu_handlers.h), which says whether the guest goes on. Nothing here
 * knows a vendor.
 */
#include "kernel/fault.h"
#include "kernel/format.h"
#include "kernel/pages.h"
#include "kernel/report.h"
#include "kernel/string.h"
#include "kernel/vcpu_handlers.h"

enum { WINDOW_PAUSES = 200 };

const char *const vcpu_exit_names[EXIT_KINDS] = {
	[EXIT_UNKNOWN] = "unknown",
	[EXIT_FAULT] = "faults",
	[EXIT_MISCONFIG] = "misconfigured entries",
	[EXIT_HYPERCALL] = "hypercalls",
	[EXIT_CPUID] = "CPUID",
	[EXIT_IO] = "port accesses",
	[EXIT_MSR] = "MSR accesses",
	[EXIT_CR] = "control register accesses",
	[EXIT_XSETBV] = "XSETBV",
	[EXIT_HLT] = "HLT",
	[EXIT_CACHE] = "cache instructions",
	[EXIT_REFUSED_INSN] = "refused instructions",
	[EXIT_EXCEPTION] = "exceptions",
	[EXIT_TRIPLE_FAULT] = "triple faults",
	[EXIT_INTERRUPT] = "host interrupts",
	[EXIT_NMI] = "host NMIs",
	[EXIT_TIMER] = "slice ends",
	[EXIT_WINDOW] = "interrupt windows",
	[EXIT_ENTRY_FAILED] = "failed entries",
};

uint64_t vcpu_own_exits(const struct guest_run *run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EXIT_KINDS; i++)
		if (i != EXIT_INTERRUPT && i != EXIT_NMI && i != EXIT_TIMER)
			sum += run->exits[i];
	return sum;
}

bool vcpu_end(struct guest_run *run, const struct vcpu_exit *exit, enum guest_end_kind kind)
{
	run->end.kind = kind;
	run->end_rip = exit->rip;
	return false;
}

/* Memory. */

static const char *access_word(const struct vcpu_exit *exit)
{
	return exit->fault.walk			       ? "walk" :
	       exit->fault.access == ACCESS_EXEC ? "x" :
	       exit->fault.access == ACCESS_WRITE ? "w" : "r";
}

static void trace_fault(const struct guest_run *run, const struct vcpu_exit *exit,
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
	report_line("fault %s gpa=0x%012lx %s %s %s", run->guest->name,
		    (unsigned long)exit->fault.gpa, access_word(exit), region, what);
}

static bool on_fault(struct guest_run *run, struct vcpu_exit *exit)
{
	static const enum guest_end_kind ends[] = {
		[ASPACE_HOLE] = END_HOLE,
		[ASPACE_DENIED] = END_DENIED,
		[ASPACE_NO_MEMORY] = END_MEMORY,
		[ASPACE_REFUSED] = END_UNEXPECTED,
	};
	struct aspace_plan plan = aspace_plan_fault(run->as, exit);
	enum aspace_outcome outcome;

	if (run->trace)
		trace_fault(run, exit, &plan);
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

static bool on_triple_fault(struct guest_run *run, struct vcpu_exit *exit)
{
	return vcpu_end(run, exit, END_TRIPLE_FAULT);
}

static bool on_entry_failed(struct guest_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return vcpu_end(run, exit, END_ENTRY_FAILED);
}

bool on_unexpected(struct guest_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return vcpu_end(run, exit, END_UNEXPECTED);
}

bool vcpu_touch(struct guest_run *run, const struct vcpu_exit *exit, uint64_t gpa)
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

bool vcpu_yield(struct guest_run *run)
{
	run->yielded = true;
	return false;
}

static handler_fn *const handlers[EXIT_KINDS] = {
	[EXIT_UNKNOWN] = on_unexpected,
	[EXIT_FAULT] = on_fault,
	[EXIT_MISCONFIG] = on_unexpected,
	[EXIT_HYPERCALL] = on_hypercall,
	[EXIT_CPUID] = on_cpuid,
	[EXIT_IO] = on_io,
	[EXIT_MSR] = on_msr,
	[EXIT_CR] = on_cr,
	[EXIT_XSETBV] = on_refused,
	[EXIT_HLT] = on_hlt,
	[EXIT_CACHE] = on_cache,
	[EXIT_REFUSED_INSN] = on_refused,
	[EXIT_EXCEPTION] = on_exception,
	[EXIT_TRIPLE_FAULT] = on_triple_fault,
	[EXIT_INTERRUPT] = on_interrupt,
	[EXIT_NMI] = on_interrupt,
	[EXIT_TIMER] = on_interrupt,
	[EXIT_WINDOW] = on_window,
	[EXIT_ENTRY_FAILED] = on_entry_failed,
};

/* What hardware does not switch and the host does not use: x87 and SSE, CR2. */
static void put_on(struct vcpu *vcpu)
{
	write_cr2(vcpu->cr2);
	if (!FAULT(FX_LEFT))
		__asm__ volatile("fxrstor64 %0" : : "m"(vcpu->fx));
}

static void take_off(struct vcpu *vcpu)
{
	__asm__ volatile("fxsave64 %0" : "=m"(vcpu->fx));
	vcpu->cr2 = read_cr2();
}

/* A deliberate bug: what is due is read while nobody sees that this CPU is about to enter. */
static void begin(struct tlb_cpu *cpu, const struct tlb_root *root)
{
	if (!FAULT(WINDOW_OPEN)) {
		tlb_begin(cpu, root);
		return;
	}
	cpu->kicked = 0;
	cpu->due = root->due;
	for (unsigned i = 0; i < WINDOW_PAUSES; i++)
		cpu_pause();
	cpu->inside = root->serial;
}

static void note_entry(struct vcpu_time *t)
{
	t->entered = rdtsc();
	/* A deliberate bug, of the host below: it takes all of the piece, and as much again. */
	while (FAULT(TIME_STOLEN) && rdtsc() < 2 * t->due - t->armed)
		cpu_pause();
}

struct guest_run *current_run;

void vcpu_stop_all(const struct guest_run *run)
{
	if (run->vcpus == 1)
		return;
	__atomic_store_n(run->stop, true, __ATOMIC_SEQ_CST);
	tlb_shoot(&run->as->root); /* all are out of the guest once, and see it */
}

static bool is_stopped(struct guest_run *run, const struct vcpu_exit *exit)
{
	if (run->vcpus == 1 || !__atomic_load_n(run->stop, __ATOMIC_ACQUIRE))
		return false;
	vcpu_end(run, exit, END_STOPPED);
	return true;
}

void vcpu_run(struct guest_run *run)
{
	struct vcpu *vcpu = run->vcpu;
	const struct vmm_ops *ops = run->ops;
	struct vcpu_exit *exit = &run->exit;

	if (!run->number)
		current_run = run;
	run->yielded = false;
	run->turns++;
	put_on(vcpu);
	vcpu_time_begin(run);
	do {
		begin(&vcpu->cpu->tlb, vcpu->root);
		/* Behind that: who stops us either is seen here, or sees us inside, and kicks. */
		if (is_stopped(run, exit)) {
			tlb_end(&vcpu->cpu->tlb);
			break;
		}
		note_entry(&run->time);
		ops->enter(vcpu);
		tlb_end(&vcpu->cpu->tlb);
		run->injects = false;
		exit->pending.valid = false;
		ops->decode(vcpu, exit);
		run->exits[exit->kind]++;
	} while (handlers[exit->kind](run, exit));
	vcpu_time_end(run);
	if (ops->leave)
		ops->leave(vcpu);
	take_off(vcpu);
	if (!run->number)
		current_run = NULL;
	if (run->yielded)
		return;
	if (run->end.kind != END_DONE || run->end.value)
		vcpu_stop_all(run);
}
