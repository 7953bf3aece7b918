/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map made usable: sorted, whole pages only, without
 * overlaps (what is reserved wins), without what is in use already. Pure.
 */
#ifndef KERNEL_MEMMAP_H
#define KERNEL_MEMMAP_H

#include "kernel/bootinfo.h"
#include "kernel/pages.h"

enum { MEMMAP_MAX = 2 * BOOTINFO_MAP_MAX };

struct memmap {
	struct memory_range ranges[MEMMAP_MAX]; /* ascending, disjoint, not empty */
	unsigned n;
};

/* The available memory of the boot information below limit (bytes). NULL, or what is wrong. */
const char *memmap_build(struct memmap *map, const struct bootinfo *info, uint64_t limit);

/* Takes [start, end) out, grown to whole pages. False: too many pieces. */
bool memmap_remove(struct memmap *map, uint64_t start, uint64_t end);

/*
 * Takes size bytes (grown to whole pages), all below limit, from the top of
 * the highest range that has them, at this alignment. 0: there is none.
 */
uint64_t memmap_take(struct memmap *map, uint64_t size, uint64_t align, uint64_t limit);

/*
 * The same of memory that a CPU can be started in (below 640 KiB: SDM vol. 3A, 9.4.4),
 * from the middle of the largest piece: BIOSes keep data of theirs at both ends,
 * listed or not. Never page 0.
 */
uint64_t memmap_take_low(struct memmap *map, uint64_t size);

uint64_t memmap_bytes(const struct memmap *map);

#endif
