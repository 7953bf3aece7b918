/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flush ledger. A page table's root owes flushes, which it counts; a CPU
 * makes them when it enters the guest, and asserts there, from what it was
 * really told and not from what was meant, that they were made.
 *
 * A root also owes a flush to a CPU that last ran another root: allocators
 * like to hand out an old root's page again, and ASIDs are reused.
 *
 * Who changed a table and needs the change to be seen (tlb_shoot) marks the
 * flush due, kicks the CPUs that are inside, and waits until each is outside, or
 * has flushed for it. Entering says "inside" first and reads what is due then,
 * with interrupts off from there to the guest: a CPU that read too early was
 * seen inside, so its kick is pending, and ends its stay before it has begun.
 *
 * An NMI that is a kick (kick=nmi) is not held up by that. It leaves a mark, .kicked,
 * which the entry stubs look for as the last thing that they do before the guest runs:
 * there will be no stay then.
 */
#ifndef KERNEL_TLB_H
#define KERNEL_TLB_H

#include "kernel/panic.h"

#include <stdbool.h>
#include <stdint.h>

struct tlb_root {
	uint64_t pmtp;	 /* vmm_gpt_get_pmtp */
	uint64_t serial; /* of this address space, not 0; never used again */
	uint64_t due;	 /* flushes asked for so far; all CPUs */
};

struct tlb_cpu {
	uint64_t kicked; /* first: an NMI came since tlb_begin; the entry stubs look at it */
	uint64_t serial; /* of the root last entered; 0: none since enable */
	uint64_t done;	 /* that root's .due when this CPU last flushed for it; others read it */
	uint64_t due;	 /* that root's .due, as of this entry */
	uint64_t inside; /* serial of the root it is inside of, or about to be; others read it */
	uint64_t made;	 /* flushes made, for the report */
};

/* A flush is due; on every CPU at its next entry. */
static inline uint64_t tlb_mark_due(struct tlb_root *root)
{
	return __atomic_add_fetch(&root->due, 1, __ATOMIC_SEQ_CST);
}

/* Before an entry, with interrupts off until the guest runs. */
static inline void tlb_begin(struct tlb_cpu *cpu, const struct tlb_root *root)
{
	/* Who sees us inside, kicks later than this; what came before was for an earlier stay. */
	__atomic_store_n(&cpu->kicked, 0, __ATOMIC_RELAXED);
	/* Another root's count says nothing about this one, and may be larger. */
	if (__builtin_expect(cpu->serial != root->serial, 0))
		__atomic_store_n(&cpu->done, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&cpu->inside, root->serial, __ATOMIC_SEQ_CST);
	cpu->due = __atomic_load_n(&root->due, __ATOMIC_SEQ_CST);
}

/* Behind the exit. */
static inline void tlb_end(struct tlb_cpu *cpu)
{
	__atomic_store_n(&cpu->inside, 0, __ATOMIC_RELEASE);
}

/* In between: whether this entry has to flush. */
static inline bool tlb_is_due(const struct tlb_cpu *cpu, const struct tlb_root *root)
{
	return cpu->serial != root->serial || cpu->done != cpu->due;
}

/* At any time: whether the next entry will have to. */
static inline bool tlb_owes(const struct tlb_cpu *cpu, const struct tlb_root *root)
{
	return cpu->serial != root->serial ||
	       cpu->done != __atomic_load_n(&root->due, __ATOMIC_SEQ_CST);
}

/*
 * Right before the entry instruction. flushed: what was really done, not what
 * was meant to be done.
 */
static inline void tlb_entering(struct tlb_cpu *cpu, const struct tlb_root *root, bool flushed)
{
	if (!flushed) {
		ASSERT_EQ(cpu->serial, root->serial);
		ASSERT_EQ(cpu->done, cpu->due);
		return;
	}
	cpu->serial = root->serial;
	__atomic_store_n(&cpu->done, cpu->due, __ATOMIC_RELEASE);
	cpu->made++;
}

/*
 * There was no entry after all, and the flush that would have come with it was not
 * made: as if nothing were known of what this CPU has cached.
 */
static inline void tlb_not_flushed(struct tlb_cpu *cpu)
{
	cpu->serial = 0;
	cpu->made--;
}

/* Kicks are NMIs from now on: for machines where an interrupt does not end every stay. */
void tlb_kick_by_nmi(void);

/*
 * Until this returns, others may still use what the table said before. Not for
 * additions, which need nobody to be kicked. shootdown.c.
 */
void tlb_shoot(struct tlb_root *root);

#endif
