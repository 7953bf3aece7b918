/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/tlb.h"

#include "kernel/host/clock.h"
#include "kernel/host/cpu.h"
#include "kernel/host/lapic.h"
#include "kernel/host/nmi.h"
#include "kernel/host/smp.h"
#include "kernel/lib/fault.h"

enum { PATIENCE_US = 20000000 }; /* 20 s: under another hypervisor a CPU may wait for its turn */

/* Whether a CPU is in the guest and may use what was removed before this generation. */
static bool may_be_stale(const struct tlb_cpu *cpu, const struct tlb_context *ctx, uint64_t gen)
{
	return __atomic_load_n(&cpu->active_ctx, __ATOMIC_SEQ_CST) == ctx->ctx_id &&
	       __atomic_load_n(&cpu->flushed_gen, __ATOMIC_ACQUIRE) < gen;
}

static bool by_nmi;

void tlb_kick_by_nmi(void)
{
	by_nmi = true;
}

static void kick(struct cpu *cpu)
{
	if (by_nmi)
		nmi_send(cpu);
	else
		lapic_send_fixed(cpu->apic_id, LAPIC_VECTOR_KICK);
}

void tlb_shootdown(struct tlb_context *ctx)
{
	uint64_t gen = FAULT(NO_GENERATION) ? ctx->tlb_gen : tlb_gen_bump(ctx);
	struct clock_patience patience = clock_patience(PATIENCE_US);
	unsigned n = smp_count();

	for (unsigned i = 0; i < n; i++)
		if (may_be_stale(tlb_cpu(smp_cpu(i)), ctx, gen) && !FAULT(NO_KICK))
			kick(smp_cpu(i));
	/* A CPU in the guest leaves it without taking any lock that we may hold. */
	for (unsigned i = 0; i < n && !FAULT(NO_ACK); i++)
		while (may_be_stale(tlb_cpu(smp_cpu(i)), ctx, gen))
			if (!clock_is_patient(&patience))
				panic("CPU %u was kicked, and does not leave the guest", i);
}

/* A CPU that runs guests enters and leaves them many times a second. */
const char *tlb_trace(const struct cpu *cpu, uint64_t *trace)
{
	const struct tlb_cpu *tlb = tlb_cpu(cpu);
	uint64_t active = __atomic_load_n(&tlb->active_ctx, __ATOMIC_RELAXED);

	*trace = active + 3 * __atomic_load_n(&tlb->nflushes, __ATOMIC_RELAXED);
	return active ? "the last that was seen of it is that it entered a guest" :
	       tlb->ctx_id ? "the last that was seen of it is that it left a guest" :
			     "it was never seen to enter a guest";
}
