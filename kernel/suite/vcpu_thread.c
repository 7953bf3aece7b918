/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/vcpu_thread.h"

#include "kernel/host/clock.h"
#include "kernel/host/pages.h"
#include "kernel/host/smp.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"
#include "kernel/suite/expect.h"
#include "kernel/vm/dump.h"

enum {
	PATIENCE_US = 10000000, /* R8 at entry: half of that in shootdown.c */
	STOLEN_MS_MIN = 10,	/* less is not reported */
};

_Static_assert(PATIENCE_SHIFT == CLOCK_PATIENCE_SHIFT, "guests wait as the host does");

/* The initial state: guest.h, GUEST_LONG64. */
static struct vcpu_state long64(void)
{
	const struct vcpu_segment data = { 0x10, 0xc093, UINT32_MAX, 0 };

	return (struct vcpu_state){
		.rip = GUEST_ENTRY,
		.rflags = RFLAGS_FIXED,
		.cr0 = CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE,
		.cr3 = GUEST_IMAGE,
		.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT,
		.efer = EFER_LME | EFER_LMA | EFER_NXE,
		.seg = {
			[SEG_CS] = { 0x08, 0xa09b, UINT32_MAX, 0 },
			[SEG_SS] = data, [SEG_DS] = data, [SEG_ES] = data,
			[SEG_FS] = data, [SEG_GS] = data,
			[SEG_LDTR] = { 0, 0, 0, 0 },
			[SEG_TR] = { 0, 0x008b, 0xffff, 0 },
		},
	};
}

/* Likewise: GUEST_REAL16. */
static struct vcpu_state real16(void)
{
	const struct vcpu_segment code = { 0, 0x009b, 0xffff, 0 }, data = { 0, 0x0093, 0xffff, 0 };

	return (struct vcpu_state){
		.rip = GUEST_REAL_ENTRY,
		.rflags = RFLAGS_FIXED,
		.cr0 = CR0_ET,
		.seg = {
			[SEG_CS] = code,
			[SEG_SS] = data, [SEG_DS] = data, [SEG_ES] = data,
			[SEG_FS] = data, [SEG_GS] = data,
			[SEG_LDTR] = { 0, 0, 0, 0 },
			[SEG_TR] = { 0, 0x008b, 0xffff, 0 },
		},
		.idtr_limit = 0x3ff,
	};
}

/* x87 and SSE as after FNINIT: SDM vol. 1, 10.5.1. */
static void reset_fx(struct vcpu *vcpu)
{
	const uint16_t fcw = 0x037f;
	const uint32_t mxcsr = 0x1f80;

	memset(vcpu->fx, 0, sizeof(vcpu->fx));
	memcpy(vcpu->fx, &fcw, sizeof(fcw));
	memcpy(vcpu->fx + 24, &mxcsr, sizeof(mxcsr));
}

static void report(const struct vcpu_thread *thread)
{
	const struct guest_run *run = &thread->run;
	unsigned long stolen = clock_ms(run->time.stolen);
	char words[VMM_TEXT_MAX], which[24] = "";

	if (thread->count > 1)
		format(which, sizeof(which), "%s %u: ", run->vcpus > 1 ? "vCPU" : "copy",
		       run->number);
	expect_describe_end(&run->v.end, words, sizeof(words));
	note("  %send: %s, at rip 0x%lx", which, words, (unsigned long)run->v.end_rip);
	if (run->v.end_words[0])
		note("  %swhy: %s", which, run->v.end_words);
	if (run->v.denied)
		note("  %sthe policy refused it %lu accesses", which, (unsigned long)run->v.denied);
	if (run->time.slice_timer_died)
		note("  %sthis CPU's timer for guests (%s) did not fire: from now on the host's is used",
		     which, run->v.ops->name);
	if (stolen >= STOLEN_MS_MIN)
		note("  %sthe host below took %lu ms of its time", which, stolen);
}

/* Reports an unexpected end before the long dump. */
static void judge_end(struct vcpu_thread *thread)
{
	const struct vcpu_end *end = &thread->run.v.end;

	if (end->kind == END_STOPPED || end->kind == END_STARVED ||
	    (thread->may_lack_memory && end->kind == END_MEMORY))
		return;
	if (!expect_end(&thread->run))
		dump_guest(&thread->run.v, thread->run.guest->name);
}

unsigned vcpu_thread_cpus(void)
{
	return smp_count() < ASPACE_CPUS_MAX ? smp_count() : ASPACE_CPUS_MAX;
}

void vcpu_thread_start(struct vcpu_thread *thread, struct cpu *cpu)
{
	struct guest_run *run = &thread->run;
	struct vcpu *vcpu = &thread->vcpu;
	struct vcpu_state state = run->guest->mode == GUEST_REAL16 ? real16() : long64();

	*vcpu = (struct vcpu){ .ops = run->v.ops, .cpu = cpu, .ctx = &run->v.as->ctx };
	reset_fx(vcpu);
	vcpu->regs.r[REG_RDI] = run->v.ops->vmmcall ? HYPERCALL_VMMCALL : HYPERCALL_VMCALL;
	if (thread->count > 1 || run->guest->vcpus) {
		vcpu->regs.r[REG_RSI] = run->number;
		vcpu->regs.r[REG_RDX] = thread->count;
		vcpu->regs.r[REG_RCX] = thread->seed;
		vcpu->regs.r[REG_R8] = clock_patience_ticks(PATIENCE_US);
	}
	if (FAULT(GUEST_STATE))
		state.cr4 &= ~CR4_PAE; /* required by long mode */
	run->v.exit.rip = state.rip;
	thread->started = run->v.ops->vcpu_init(vcpu, &state, thread->error);
	thread->over = !thread->started;
	if (thread->over) {
		guest_run_stop_all(run);
		return;
	}
	if (run->guest->memory_pages && !run->number)
		pages_set_quota(run->guest->memory_pages);
}

void vcpu_thread_run(struct vcpu_thread *thread)
{
	struct guest_run *run = &thread->run;

	vcpu_loop(&run->v);
	if (run->v.paused)
		return;
	if (run->v.end.kind != END_DONE || run->v.end.value)
		guest_run_stop_all(run);
	report(thread);
	judge_end(thread);
	run->v.ops->vcpu_fini(&thread->vcpu);
	thread->over = true;
}
