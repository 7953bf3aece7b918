/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's own page tables: physical memory one to one, and no page both
 * writable and executable. Page 0 and the guards below stacks are not mapped.
 */
#ifndef KERNEL_HOST_MMU_H
#define KERNEL_HOST_MMU_H

#include "kernel/host/memmap.h"

/* IA32_PAT on all CPUs. Entries: 0 WB, 1 WT, 2 WC, 3 UC, 4 WP, the rest UC. Here 0 and 3 are used. */
#define MMU_PAT UINT64_C(0x0000000500010406)

enum { MMU_WRITE = 1, MMU_EXEC = 2, MMU_UNCACHED = 4 };

/*
 * Builds the tables for the ranges and switches to them. Pages for tables come
 * from *map, below 4 GiB. NULL, or what is wrong.
 */
const char *mmu_init(struct memmap *map, bool large_1g);

/*
 * The rights of [start, end), multiples of a page, on this CPU; or nothing is
 * mapped there any more. Others that are up see it when they drop their TLB.
 */
void mmu_map(uint64_t start, uint64_t end, unsigned rights);
void mmu_unmap(uint64_t start, uint64_t end);

/* The tables' root: what every CPU has in CR3. */
uint64_t mmu_root(void);

/* A device's registers; they can be mapped after mmu_init, at any time. */
void mmu_map_device(uint64_t pa, uint64_t size);

/* The rights at va: true if mapped. */
bool mmu_query(uint64_t va, unsigned *rights);

/* Walks all that is mapped; NULL if the promises above hold, else the one that does not. */
const char *mmu_check(void);

#endif
