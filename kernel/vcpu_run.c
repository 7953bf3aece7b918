/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vCPU loop. enter, decode, handle, again: each kind of exit has one
 * handler, which says whether the guest goes on. Nothing here knows a vendor.
 */
#include "kernel/vcpu_run.h"

#include "kernel/console.h"
#include "kernel/format.h"
#include "kernel/gwalk.h"
#include "kernel/insn.h"
#include "kernel/lapic.h"
#include "kernel/pages.h"
#include "kernel/policy.h"
#include "kernel/report.h"
#include "kernel/string.h"

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

typedef bool handler_fn(struct guest_run *run, struct vcpu_exit *exit);

static bool end(struct guest_run *run, const struct vcpu_exit *exit, enum guest_end_kind kind)
{
	run->end.kind = kind;
	run->end_rip = exit->rip;
	return false;
}

static bool end_in_words(struct guest_run *run, const struct vcpu_exit *exit,
			 enum guest_end_kind kind, const char *words)
{
	format(run->end_words, sizeof(run->end_words), "%s", words);
	return end(run, exit, kind);
}

/*
 * Where the CPU does not say how long the instruction is: look. What the last
 * look found stays open as a window, for as long as instructions are fetched
 * from the same page.
 */
static bool look_at_insn(struct guest_run *run, const struct vcpu_exit *exit, struct insn *insn)
{
	uint64_t page = exit->fetch / PAGE_SIZE * PAGE_SIZE, gpa;
	struct vcpu_state state;
	uint8_t bytes[INSN_MAX];
	unsigned n;

	run->ops->get_state(run->vcpu, &state);
	n = gwalk_read(run->as, &state, exit->fetch, bytes, INSN_MAX);
	if (!insn_decode(bytes, n, state.efer & EFER_LMA && state.seg[SEG_CS].attr >> 13 & 1, insn) ||
	    insn->kind != exit->kind)
		return false;
	run->window = gwalk(run->as, &state, page, &gpa) ? aspace_ptr(run->as, gpa) : NULL;
	run->window_gva = page;
	run->window_cr3 = exit->cr3;
	return true;
}

/*
 * The short way: CPUID without a prefix, in the window. The guest may have
 * changed its tables since; what is seen is believed only because it is the
 * very instruction that exited.
 */
static bool is_plain_cpuid(const struct guest_run *run, const struct vcpu_exit *exit)
{
	uint64_t at = exit->fetch - run->window_gva;

	return exit->kind == EXIT_CPUID && run->window && at <= PAGE_SIZE - 2 &&
	       exit->cr3 == run->window_cr3 && run->window[at] == 0x0f && run->window[at + 1] == 0xa2;
}

static bool skip(struct guest_run *run, const struct vcpu_exit *exit)
{
	unsigned length = exit->length;
	struct insn insn;

	if (!length && is_plain_cpuid(run, exit)) {
		length = 2;
	} else if (!length) {
		if (!look_at_insn(run, exit, &insn))
			return end_in_words(run, exit, END_UNEXPECTED,
					    "the instruction that exited cannot be decoded");
		length = insn.length;
	}
	run->ops->skip(run->vcpu, exit, length);
	return true;
}

static bool raise(struct guest_run *run, uint8_t vector, bool has_error)
{
	struct vcpu_event e = {
		.valid = true,
		.type = EVENT_EXCEPTION,
		.vector = vector,
		.has_error = has_error,
	};

	run->ops->inject(run->vcpu, &e);
	return true;
}

static bool deny(struct guest_run *run)
{
	run->denied++;
	return raise(run, VECTOR_GP, true);
}

static uint64_t *reg(struct guest_run *run, unsigned n)
{
	return &run->vcpu->regs.r[n];
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

	print("fault %s gpa=0x%012lx %s %s ", run->guest->name, (unsigned long)exit->fault.gpa,
	      access_word(exit), region);
	if (plan->outcome == ASPACE_HOLE)
		print("ends the guest: nothing is there\n");
	else if (plan->outcome == ASPACE_DENIED)
		print("ends the guest: the region is %s\n", region_rights(plan->region));
	else if (plan->image_page != UINT64_MAX)
		print("%smaps image page %lu %s\n", populates, (unsigned long)plan->image_page, region_rights(plan->region));
	else
		print("%smaps a zero page %s\n", populates, region_rights(plan->region));
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
		if (exit->pending.valid)
			run->ops->inject(run->vcpu, &exit->pending);
		return true;
	}
	if (outcome == ASPACE_REFUSED)
		format(run->end_words, sizeof(run->end_words),
		       "hardware faults on gpa 0x%lx although it is mapped",
		       (unsigned long)exit->fault.gpa);
	run->end.gpa = exit->fault.gpa;
	run->end.access = exit->fault.access;
	run->end.walk = exit->fault.walk;
	return end(run, exit, ends[outcome]);
}

/* Hypercalls, CPUID, ports, MSRs, control registers. */

static bool on_hypercall(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t number = (uint32_t)*reg(run, REG_RAX);
	uint32_t which = (uint32_t)*reg(run, REG_RCX);

	if (number == HC_DONE) {
		run->end.value = *reg(run, REG_RBX);
		return end(run, exit, END_DONE);
	}
	if (number == HC_VALUE && which < GUEST_VALUES_MAX && run->guest->values[which]) {
		note("%s: %s: %lu", run->guest->name, run->guest->values[which],
		     (unsigned long)*reg(run, REG_RBX));
		*reg(run, REG_RAX) = 0;
	} else {
		*reg(run, REG_RAX) = UINT64_MAX;
	}
	return skip(run, exit);
}

static bool on_cpuid(struct guest_run *run, struct vcpu_exit *exit)
{
	struct cpuid_regs r =
		policy_cpuid((uint32_t)*reg(run, REG_RAX), (uint32_t)*reg(run, REG_RCX));

	*reg(run, REG_RAX) = r.eax;
	*reg(run, REG_RBX) = r.ebx;
	*reg(run, REG_RCX) = r.ecx;
	*reg(run, REG_RDX) = r.edx;
	return skip(run, exit);
}

static void guest_putc(struct guest_run *run, char c)
{
	if (run->output_length < sizeof(run->output) - 1)
		run->output[run->output_length++] = c;
	if (c == '\n') {
		note("%s says: %.*s", run->guest->name,
		     (int)(run->output_length - run->output_printed - 1),
		     run->output + run->output_printed);
		run->output_printed = run->output_length;
	}
}

/* No port but one: as with an empty bus, reads give ones and writes get lost. */
static bool on_io(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t ones = exit->io.size == 1 ? 0xff : exit->io.size == 2 ? 0xffff : 0xffffffff;

	if (exit->io.string)
		return deny(run);
	if (!exit->io.in && exit->io.port == GUEST_CONSOLE_PORT && exit->io.size == 1) {
		guest_putc(run, (char)*reg(run, REG_RAX));
		return skip(run, exit);
	}
	run->denied++;
	if (exit->io.in)
		*reg(run, REG_RAX) = exit->io.size == 4 ? ones : *reg(run, REG_RAX) | ones;
	return skip(run, exit);
}

static bool on_msr(struct guest_run *run, struct vcpu_exit *exit)
{
	uint32_t msr = (uint32_t)*reg(run, REG_RCX);
	uint64_t value;
	struct vcpu_state state;

	run->ops->get_state(run->vcpu, &state);
	if (exit->msr.write) {
		value = (uint32_t)*reg(run, REG_RAX) | *reg(run, REG_RDX) << 32;
		if (!policy_msr_write(&state, msr, value))
			return deny(run);
		run->ops->set_efer(run->vcpu, state.efer);
	} else {
		if (!policy_msr_read(&state, msr, &value))
			return deny(run);
		*reg(run, REG_RAX) = (uint32_t)value;
		*reg(run, REG_RDX) = value >> 32;
	}
	return skip(run, exit);
}

/* The exit's record, completed where the CPU leaves it to us to look. */
static bool complete_cr(struct guest_run *run, struct vcpu_exit *exit)
{
	struct insn insn;

	if (exit->cr.other || exit->cr.reg != REG_UNKNOWN)
		return true;
	if (!look_at_insn(run, exit, &insn) || !insn.mov_cr)
		return false;
	exit->cr.number = insn.cr;
	exit->cr.write = insn.write;
	exit->cr.reg = insn.reg;
	exit->length = insn.length;
	return true;
}

static bool on_cr(struct guest_run *run, struct vcpu_exit *exit)
{
	struct vcpu_state state;
	uint64_t value;

	if (!complete_cr(run, exit))
		return deny(run); /* LMSW, CLTS where the CPU does not help: refused */
	run->ops->get_state(run->vcpu, &state);
	*reg(run, REG_RSP) = state.rsp;
	if (!exit->cr.write) {
		*reg(run, exit->cr.reg) = policy_cr_read(&state, exit->cr.number);
		return skip(run, exit);
	}
	value = exit->cr.other ? exit->cr.value : *reg(run, exit->cr.reg);
	if (!policy_cr_write(&state, exit->cr.number, value))
		return deny(run);
	if (exit->cr.number == 0)
		value = state.cr0;
	if (exit->cr.number != 8)
		run->ops->set_cr(run->vcpu, exit->cr.number, value);
	return skip(run, exit);
}

static bool on_refused(struct guest_run *run, struct vcpu_exit *exit)
{
	(void)exit;
	run->denied++;
	return raise(run, VECTOR_UD, false);
}

/* INVD and WBINVD: guests share the host's caches, which are coherent. */
static bool on_cache(struct guest_run *run, struct vcpu_exit *exit)
{
	return skip(run, exit);
}

/* Nobody sends a guest interrupts of its own accord: it would sleep for ever. */
static bool on_hlt(struct guest_run *run, struct vcpu_exit *exit)
{
	return end(run, exit, END_HALTED);
}

static bool on_triple_fault(struct guest_run *run, struct vcpu_exit *exit)
{
	return end(run, exit, END_TRIPLE_FAULT);
}

static bool on_entry_failed(struct guest_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return end(run, exit, END_ENTRY_FAILED);
}

static bool on_unexpected(struct guest_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return end(run, exit, END_UNEXPECTED);
}

/* Time. */

static void arm(struct guest_run *run, uint64_t ticks)
{
	if (run->slice_timer)
		run->ops->set_slice(run->vcpu, ticks);
	else
		lapic_timer_arm(ticks);
}

static uint64_t budget_of(const struct guest_run *run)
{
	return run->guest->budget ? run->guest->budget : GUEST_BUDGET;
}

/* The slice's end, or the host's timer, or another interrupt of the host's. */
static bool on_interrupt(struct guest_run *run, struct vcpu_exit *exit)
{
	uint64_t used;

	interrupts_take_pending();
	used = rdtsc() - run->ticks;
	if (used >= budget_of(run))
		return end(run, exit, END_BUDGET);
	arm(run, budget_of(run) - used);
	if (exit->pending.valid)
		run->ops->inject(run->vcpu, &exit->pending);
	return true;
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
	[EXIT_EXCEPTION] = on_unexpected,
	[EXIT_TRIPLE_FAULT] = on_triple_fault,
	[EXIT_INTERRUPT] = on_interrupt,
	[EXIT_NMI] = on_interrupt,
	[EXIT_TIMER] = on_interrupt,
	[EXIT_WINDOW] = on_unexpected,
	[EXIT_ENTRY_FAILED] = on_entry_failed,
};

/* What hardware does not switch and the host does not use: x87 and SSE, CR2. */
static void put_on(struct vcpu *vcpu)
{
	write_cr2(vcpu->cr2);
	__asm__ volatile("fxrstor64 %0" : : "m"(vcpu->fx));
}

static void take_off(struct vcpu *vcpu)
{
	__asm__ volatile("fxsave64 %0" : "=m"(vcpu->fx));
	vcpu->cr2 = read_cr2();
}

struct guest_run *current_run;

void vcpu_run(struct guest_run *run)
{
	struct vcpu *vcpu = run->vcpu;
	const struct vmm_ops *ops = run->ops;
	struct vcpu_exit *exit = &run->exit;

	current_run = run;
	put_on(vcpu);
	run->ticks = rdtsc();
	arm(run, budget_of(run));
	do {
		ops->enter(vcpu);
		exit->pending.valid = false;
		ops->decode(vcpu, exit);
		run->exits[exit->kind]++;
	} while (handlers[exit->kind](run, exit));
	lapic_timer_arm(0);
	run->ticks = rdtsc() - run->ticks;
	take_off(vcpu);
	current_run = NULL;
}
