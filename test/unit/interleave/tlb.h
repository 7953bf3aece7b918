/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that a CPU may have cached. Each value that an entry has had since the last
 * flush is kept, with its time. A CPU may read the entries of a walk at different times, but
 * the upper entry first. So it may use every translation that results from such a
 * combination of values. A cached value stays usable until the flush, so the set only grows
 * until then: checking it once after an operation covers every moment of the operation.
 */
#ifndef TEST_UNIT_INTERLEAVE_TLB_H
#define TEST_UNIT_INTERLEAVE_TLB_H

#include "test/unit/interleave/cpu.h"

/* Masks for a translation without A and D; also without its level, as an access sees it. */
#define TLB_FAULT     ((seen_t)SEEN_FAULT)
#define TLB_SANS_AD   (~(SEEN_ACCESSED | SEEN_DIRTY))
#define TLB_SANS_SIZE (TLB_SANS_AD & ~SEEN_LEVEL)

/* All CPUs flush. From now on, writes are recorded. */
void tlb_flush(void);
/* A table page was allocated: it is zero, and no CPU reaches it. */
void tlb_got(uint64_t pfn);
/* Records a write that gpt/ did not make. */
void tlb_note(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte);

#define TLB_SET 64u

struct tlb_set {
	seen_t of[TLB_SET];
	unsigned count;
};

/* All that a CPU may use for this page: translations with their level, or TLB_FAULT. */
void tlb_usable(unsigned page, struct tlb_set *set);

/* The writable leaf entries, as they are in memory now, that a CPU may reach for this page. */
struct tlb_places {
	vmm_gpt_pte_t *at[TLB_SET];
	unsigned count;
};
void tlb_places(unsigned page, struct tlb_places *places);

/* Whether a CPU may reach this table page, for any address. */
bool tlb_reaches(uint64_t pfn);

#endif
