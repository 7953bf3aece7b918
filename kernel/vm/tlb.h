/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB generations, like Linux's tlb_context. A context (a root and its tables) has a
 * generation, which every change that removes something bumps. A CPU flushes before VM
 * entry if its last flush was for an older generation, or if it last entered another
 * context. Right before the entry, tlb_note_entry asserts that the flush was executed.
 *
 * It also flushes after another context because allocators tend to reuse the page of an
 * old root, and because all guests have the same ASID.
 *
 * Shootdown. The initiator bumps tlb_gen, then reads active_ctx of each CPU. A CPU that
 * enters sets active_ctx, then reads tlb_gen. All four accesses are sequentially consistent,
 * so either the CPU reads the new generation and flushes, or the initiator sees it active.
 * The initiator kicks the CPUs that it sees active, and waits until each has left the guest
 * or has flushed for the new generation. Until it returns, they may use old translations.
 * A kick is not lost: interrupts are disabled from tlb_enter_guest to VM entry, so it stays
 * pending and forces an exit before the first guest instruction.
 *
 * An NMI is not held back by that. If kicks are NMIs (kick=nmi), the handler sets the CPU's
 * nmi_seen. The entry code tests it as the last thing before the guest's registers are
 * loaded; an NMI after that test is redirected by its handler (VMX: trap_set_nmi_abort_range)
 * or is pending until VMRUN (SVM: GIF is 0).
 */
#ifndef KERNEL_VM_TLB_H
#define KERNEL_VM_TLB_H

#include "kernel/host/cpu.h"
#include "kernel/host/panic.h"

#include <stdbool.h>
#include <stdint.h>

struct tlb_context {
	uint64_t pmtp;	  /* vmm_gpt_get_pmtp */
	uint64_t ctx_id;  /* of this address space; not 0, never reused */
	uint64_t tlb_gen; /* any CPU may bump it */
};

/* One per CPU. Only that CPU writes it; initiators read flushed_gen and active_ctx. */
struct tlb_cpu {
	uint64_t ctx_id;      /* context last entered; 0: none since enable */
	uint64_t flushed_gen; /* generation of that context at the last flush */
	uint64_t entry_gen;   /* tlb_gen as read by tlb_enter_guest, of the context being entered */
	uint64_t active_ctx;  /* context that the CPU is in or about to enter; 0: none */
	uint64_t nflushes;    /* statistics */
};

/* For a CPU with virtualization enabled: the vendor's per-CPU record begins with tlb_cpu. */
static inline struct tlb_cpu *tlb_cpu(const struct cpu *cpu)
{
	return cpu->arch;
}

/* Everything removed before this call has to be flushed from now on. Returns the new generation. */
static inline uint64_t tlb_gen_bump(struct tlb_context *ctx)
{
	return __atomic_add_fetch(&ctx->tlb_gen, 1, __ATOMIC_SEQ_CST);
}

/* Call with interrupts disabled until VM entry. nmi_seen: the CPU's. */
static inline void tlb_enter_guest(struct tlb_cpu *cpu, const struct tlb_context *ctx,
				   uint64_t *nmi_seen)
{
	/* Cleared before active_ctx is set: a kick for this entry comes from an initiator that
	 * has seen active_ctx, so it cannot be lost here. */
	__atomic_store_n(nmi_seen, 0, __ATOMIC_RELAXED);
	/* A number of another context may be larger: the initiator would take it for a flush. */
	if (__builtin_expect(cpu->ctx_id != ctx->ctx_id, 0))
		__atomic_store_n(&cpu->flushed_gen, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&cpu->active_ctx, ctx->ctx_id, __ATOMIC_SEQ_CST);
	cpu->entry_gen = __atomic_load_n(&ctx->tlb_gen, __ATOMIC_SEQ_CST);
}

/* After the VM exit, or if the entry is given up. */
static inline void tlb_exit_guest(struct tlb_cpu *cpu)
{
	__atomic_store_n(&cpu->active_ctx, 0, __ATOMIC_RELEASE);
}

/* Between tlb_enter_guest and VM entry: whether this entry must flush. */
static inline bool tlb_needs_flush(const struct tlb_cpu *cpu, const struct tlb_context *ctx)
{
	return cpu->ctx_id != ctx->ctx_id || cpu->flushed_gen != cpu->entry_gen;
}

/* At any time: whether the next entry must flush. */
static inline bool tlb_is_stale(const struct tlb_cpu *cpu, const struct tlb_context *ctx)
{
	return cpu->ctx_id != ctx->ctx_id ||
	       cpu->flushed_gen != __atomic_load_n(&ctx->tlb_gen, __ATOMIC_SEQ_CST);
}

/* Right before the entry instruction. flushed: whether a flush was really executed. */
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
 * The entry that was noted as flushing did not happen, and the flush was part of it (SVM).
 * What this CPU has cached is unknown.
 */
static inline void tlb_forget(struct tlb_cpu *cpu)
{
	cpu->ctx_id = 0;
	cpu->nflushes--;
}

/* Kicks by NMI from now on, for machines where an interrupt does not always cause an exit. */
void tlb_kick_by_nmi(void);

/*
 * Returns once no CPU can use what was removed before the call. Not needed for additions.
 * Other CPUs leave the guest without taking locks; if one does not, panics. shootdown.c.
 */
void tlb_shootdown(struct tlb_context *ctx);

/* The last entry or exit seen of a CPU, in words; for smp_set_trace. */
const char *tlb_trace(const struct cpu *cpu, uint64_t *trace);

#endif
