/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's page tables: an identity map of physical memory, with no page both writable
 * and executable. Page 0 and the guards below stacks are not mapped. Not locked: the boot
 * CPU makes all changes.
 */
#ifndef KERNEL_HOST_MMU_H
#define KERNEL_HOST_MMU_H

#include "kernel/host/memmap.h"
#include "kernel/lib/must_check.h"

/* IA32_PAT on all CPUs. Entries: 0 WB, 1 WT, 2 WC, 3 UC, 4 WP, others UC. The host uses 0 and 3. */
#define MMU_PAT UINT64_C(0x0000000500010406)

enum { MMU_WRITE = 1, MMU_EXEC = 2, MMU_UNCACHED = 4 };

/*
 * Builds the tables for the image and the ranges, and loads CR3. Table pages are taken from
 * *map, below 4 GiB. large_1g: 1 GiB pages may be used. Returns NULL, or what is wrong.
 */
MUST_CHECK const char *mmu_init(struct memmap *map, bool large_1g);

/*
 * Maps [start, end) one to one with these rights, or unmaps it; both are multiples of
 * PAGE_SIZE. Panics without memory for a table. Flushes only this CPU's TLB: other running
 * CPUs may use old entries until they flush their own.
 */
void mmu_map(uint64_t start, uint64_t end, unsigned rights);
void mmu_unmap(uint64_t start, uint64_t end);

/* The root: the value of CR3 on every CPU. */
uint64_t mmu_root(void);

/* Maps a device's registers, uncached. pa and size are in bytes, of any alignment. */
void mmu_map_device(uint64_t pa, uint64_t size);

/* Is va mapped? If so, *rights are its rights. */
bool mmu_query(uint64_t va, unsigned *rights);

/* Walks the tables. Returns NULL if the invariants above hold, otherwise the broken one. */
MUST_CHECK const char *mmu_check(void);

#endif
