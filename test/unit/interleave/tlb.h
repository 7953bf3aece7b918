/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a CPU may have cached. Every value that an entry had since the last
 * flush is kept, with its time. A CPU may have read each entry of its way at a
 * moment of its own, as long as it read the upper one first; so what it may use is
 * all that can be reached by entries so combined. A value that a CPU might have
 * cached stays usable until the flush, so the set only grows until then, and to
 * look at it behind an operation is to have looked at every moment of it.
 */
#ifndef TEST_UNIT_INTERLEAVE_TLB_H
#define TEST_UNIT_INTERLEAVE_TLB_H

#include "test/unit/interleave/cpu.h"

/* A translation without A and D; without its level, and so what an access gets. */
#define TLB_FAULT     ((seen_t)SEEN_FAULT)
#define TLB_SANS_AD   (~(SEEN_ACCESSED | SEEN_DIRTY))
#define TLB_SANS_SIZE (TLB_SANS_AD & ~SEEN_LEVEL)

/* From now on writes are recorded; every CPU has flushed. */
void tlb_flush(void);
/* A page that is full of zeroes now, and that nobody reaches. */
void tlb_got(uint64_t pfn);
/* Of writes that gpt/ did not make. */
void tlb_note(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte);

#define TLB_SET 64u

struct tlb_set {
	seen_t of[TLB_SET];
	unsigned count;
};

/* What a CPU may use for this page: translations with their level, or TLB_FAULT. */
void tlb_usable(unsigned page, struct tlb_set *set);

/* The writable leaves in memory, as it is now, that some CPU may reach for this page. */
struct tlb_places {
	vmm_gpt_pte_t *at[TLB_SET];
	unsigned count;
};
void tlb_places(unsigned page, struct tlb_places *places);

/* Whether a CPU may reach this table page; for any page. */
bool tlb_reaches(uint64_t pfn);

#endif
