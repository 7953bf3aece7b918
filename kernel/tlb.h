/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flush ledger. A page table's root owes flushes; a CPU makes them when it
 * enters the guest. Operations on the table mark a flush due; entry makes it
 * if it is due, and asserts afterwards, from what the CPU was really told and
 * not from what was meant, that it was made.
 *
 * A root also owes a flush to a CPU that last ran another root: allocators
 * like to hand out an old root's page again, and ASIDs are reused.
 */
#ifndef KERNEL_TLB_H
#define KERNEL_TLB_H

#include "kernel/panic.h"

#include <stdbool.h>
#include <stdint.h>

struct tlb_root {
	uint64_t pmtp;	 /* vmm_gpt_get_pmtp */
	uint64_t serial; /* of this address space; never used again */
	uint64_t due;	 /* flushes asked for so far */
};

struct tlb_cpu {
	uint64_t serial; /* of the root last entered; 0: none since enable */
	uint64_t done;	 /* that root's .due when this CPU last flushed for it */
	uint64_t made;	 /* flushes made, for the report */
};

static inline void tlb_mark_due(struct tlb_root *root)
{
	root->due++;
}

static inline bool tlb_is_due(const struct tlb_cpu *cpu, const struct tlb_root *root)
{
	return cpu->serial != root->serial || cpu->done != root->due;
}

/*
 * Right before the entry instruction. flushed: what was really done, not what
 * was meant to be done.
 */
static inline void tlb_entering(struct tlb_cpu *cpu, const struct tlb_root *root, bool flushed)
{
	if (!flushed) {
		ASSERT_EQ(cpu->serial, root->serial);
		ASSERT_EQ(cpu->done, root->due);
		return;
	}
	cpu->serial = root->serial;
	cpu->done = root->due;
	cpu->made++;
}

#endif
