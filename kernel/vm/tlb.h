/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB generations, as in Linux's tlb_context. A context (a root and what is below it) has a
 * generation, which is bumped by each change that takes something away. A CPU that enters
 * the guest with an older generation than that, or after another context, flushes first;
 * and asserts right before the entry, from what was really done, that it did.
 *
 * It also flushes after another context because allocators like to hand out an old root's
 * page again, and because all guests have the same ASID.
 *
 * Shootdown. The initiator bumps the generation, then looks for CPUs whose active_ctx is
 * this one, kicks them, and waits until each has left the guest or has flushed. A CPU that
 * enters sets active_ctx, then reads the generation, with interrupts off until VM entry.
 * Both are sequentially consistent, so at least one of the two sees the other: a CPU that
 * read the old generation was visible to the initiator, and the kick that is pending forces
 * an exit before the first guest instruction.
 *
 * An NMI that is a kick (kick=nmi) is not held back by interrupts being off. Its handler
 * sets the CPU's nmi_seen, which the entry code tests last before it enters.
 */
#ifndef KERNEL_VM_TLB_H
#define KERNEL_VM_TLB_H

#include "kernel/host/cpu.h"
#include "kernel/host/panic.h"

#include <stdbool.h>
#include <stdint.h>

struct tlb_context {
	uint64_t pmtp;	  /* vmm_gpt_get_pmtp */
	uint64_t ctx_id;  /* of this address space, not 0; never used again */
	uint64_t tlb_gen; /* bumped by all CPUs */
};

/* Of a CPU. Only that CPU writes it; initiators read flushed_gen and active_ctx. */
struct tlb_cpu {
	uint64_t ctx_id;      /* of the context last entered; 0: none since enable */
	uint64_t flushed_gen; /* that context's generation at the last flush */
	uint64_t entry_gen;   /* that context's generation, as of this entry */
	uint64_t active_ctx;  /* ctx_id of the guest it is in, or about to enter; 0: none */
	uint64_t nflushes;    /* so far, for the report */
};

/* Of a CPU on which virtualization is enabled: the vendor's record of it begins with this. */
static inline struct tlb_cpu *tlb_cpu(const struct cpu *cpu)
{
	return cpu->arch;
}

/* What was taken away counts from here on. Returns the new generation. */
static inline uint64_t tlb_gen_bump(struct tlb_context *ctx)
{
	return __atomic_add_fetch(&ctx->tlb_gen, 1, __ATOMIC_SEQ_CST);
}

/* Before VM entry, with interrupts off until then. nmi_seen: the CPU's. */
static inline void tlb_enter_guest(struct tlb_cpu *cpu, const struct tlb_context *ctx,
				   uint64_t *nmi_seen)
{
	/* An initiator that sees us active kicks after this; earlier kicks were for an
	 * earlier entry. */
	__atomic_store_n(nmi_seen, 0, __ATOMIC_RELAXED);
	/* The generation of another context says nothing about this one, and may be larger. */
	if (__builtin_expect(cpu->ctx_id != ctx->ctx_id, 0))
		__atomic_store_n(&cpu->flushed_gen, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&cpu->active_ctx, ctx->ctx_id, __ATOMIC_SEQ_CST);
	cpu->entry_gen = __atomic_load_n(&ctx->tlb_gen, __ATOMIC_SEQ_CST);
}

/* After the VM exit, or instead of the entry. */
static inline void tlb_exit_guest(struct tlb_cpu *cpu)
{
	__atomic_store_n(&cpu->active_ctx, 0, __ATOMIC_RELEASE);
}

/* Between tlb_enter_guest and VM entry: whether this entry has to flush. */
static inline bool tlb_needs_flush(const struct tlb_cpu *cpu, const struct tlb_context *ctx)
{
	return cpu->ctx_id != ctx->ctx_id || cpu->flushed_gen != cpu->entry_gen;
}

/* At any time: whether the next entry will have to flush. */
static inline bool tlb_is_stale(const struct tlb_cpu *cpu, const struct tlb_context *ctx)
{
	return cpu->ctx_id != ctx->ctx_id ||
	       cpu->flushed_gen != __atomic_load_n(&ctx->tlb_gen, __ATOMIC_SEQ_CST);
}

/* Right before the entry instruction. flushed: what was really done, not what was meant. */
static inline void tlb_note_entry(struct tlb_cpu *cpu, const struct tlb_context *ctx,
				  bool flushed)
{
	if (!flushed) {
		ASSERT_EQ(cpu->ctx_id, ctx->ctx_id);
		ASSERT_EQ(cpu->flushed_gen, cpu->entry_gen);
		return;
	}
	cpu->ctx_id = ctx->ctx_id;
	__atomic_store_n(&cpu->flushed_gen, cpu->entry_gen, __ATOMIC_RELEASE);
	cpu->nflushes++;
}

/*
 * There was no entry after all, and the flush that would have come with it was not made:
 * nothing is known of what this CPU has cached.
 */
static inline void tlb_forget(struct tlb_cpu *cpu)
{
	cpu->ctx_id = 0;
	cpu->nflushes--;
}

/* Kicks are NMIs from now on: for machines where an interrupt does not end every stay. */
void tlb_kick_by_nmi(void);

/*
 * Until this returns, others may still use what the table said before. Not for
 * additions, which need nobody to be kicked. shootdown.c.
 */
void tlb_shootdown(struct tlb_context *ctx);

/* What was last seen of a CPU's way in and out of guests: smp_set_trace. */
const char *tlb_trace(const struct cpu *cpu, uint64_t *trace);

#endif
