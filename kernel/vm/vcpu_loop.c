/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vCPU loop: enter, decode, handle, repeat. Each exit kind has one handler
 * (vcpu_handlers.h), which returns whether the guest continues. Nothing here depends on the
 * vendor or on the guest's purpose.
 */
#include "kernel/host/pages.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/vm/vcpu_handlers.h"

enum { GAP_PAUSES = 200 };

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

uint64_t vcpu_own_exits(const struct vcpu_run *run)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EXIT_KINDS; i++)
		if (i != EXIT_INTERRUPT && i != EXIT_NMI && i != EXIT_TIMER)
			sum += run->exits[i];
	return sum;
}

bool vcpu_end(struct vcpu_run *run, const struct vcpu_exit *exit, enum vcpu_end_kind kind)
{
	run->end.kind = kind;
	run->end_rip = exit->rip;
	return false;
}

static bool on_triple_fault(struct vcpu_run *run, struct vcpu_exit *exit)
{
	return vcpu_end(run, exit, END_TRIPLE_FAULT);
}

static bool on_entry_failed(struct vcpu_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return vcpu_end(run, exit, END_ENTRY_FAILED);
}

bool on_unexpected(struct vcpu_run *run, struct vcpu_exit *exit)
{
	run->ops->describe(run->vcpu, run->end_words);
	return vcpu_end(run, exit, END_UNEXPECTED);
}

bool vcpu_pause(struct vcpu_run *run)
{
	run->paused = true;
	return false;
}

static bool on_hypercall(struct vcpu_run *run, struct vcpu_exit *exit)
{
	return run->hooks->hypercall(run, exit);
}

static bool on_interrupt(struct vcpu_run *run, struct vcpu_exit *exit)
{
	return run->hooks->interrupt(run, exit);
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

/* State that hardware does not switch and the host does not use: x87, SSE, CR2. */
static void fpu_load(struct vcpu *vcpu)
{
	write_cr2(vcpu->cr2);
	if (!FAULT(FX_LEFT))
		__asm__ volatile("fxrstor64 %0" : : "m"(vcpu->fx));
}

static void fpu_save(struct vcpu *vcpu)
{
	__asm__ volatile("fxsave64 %0" : "=m"(vcpu->fx));
	vcpu->cr2 = read_cr2();
}

/* A deliberate bug: reads the generation before this CPU is visible as about to enter. */
static void begin(struct cpu *cpu, struct tlb_cpu *tlb, const struct tlb_context *ctx)
{
	if (!FAULT(RACE_GAP)) {
		tlb_enter_guest(tlb, ctx, &cpu->nmi_seen);
		return;
	}
	cpu->nmi_seen = 0;
	tlb->entry_gen = ctx->tlb_gen;
	for (unsigned i = 0; i < GAP_PAUSES; i++)
		cpu_pause();
	tlb->active_ctx = ctx->ctx_id;
}

static void note_entry(struct vcpu_run *run)
{
	uint64_t now = rdtsc();

	run->entered = now;
	/* A deliberate bug of the host below: it steals the whole slice, and as much again. */
	while (FAULT(TIME_STOLEN) && rdtsc() + now < 2 * run->deadline)
		cpu_pause();
}

static bool is_stopped(struct vcpu_run *run, const struct vcpu_exit *exit)
{
	if (!run->shared || !__atomic_load_n(run->stop, __ATOMIC_ACQUIRE))
		return false;
	vcpu_end(run, exit, END_STOPPED);
	return true;
}

void vcpu_loop(struct vcpu_run *run)
{
	struct vcpu *vcpu = run->vcpu;
	const struct vmm_ops *ops = run->ops;
	struct vcpu_exit *exit = &run->exit;
	struct cpu *cpu = vcpu->cpu;
	struct tlb_cpu *tlb = tlb_cpu(cpu);

	run->paused = false;
	fpu_load(vcpu);
	run->hooks->begin(run);
	do {
		begin(cpu, tlb, vcpu->ctx);
		/* After begin: either we see the stop, or its sender sees us active and kicks. */
		if (is_stopped(run, exit)) {
			tlb_exit_guest(tlb);
			break;
		}
		note_entry(run);
		ops->enter(vcpu);
		tlb_exit_guest(tlb);
		run->injects = false;
		ops->decode(vcpu, exit);
		run->exits[exit->kind]++;
	} while (handlers[exit->kind](run, exit));
	run->hooks->end(run);
	if (ops->leave)
		ops->leave(vcpu);
	fpu_save(vcpu);
}
