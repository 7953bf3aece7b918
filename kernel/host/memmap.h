/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map made usable: sorted, whole pages only, without
 * overlaps (what is reserved wins), without what is in use already. Pure.
 */
#ifndef KERNEL_HOST_MEMMAP_H
#define KERNEL_HOST_MEMMAP_H

#include "kernel/host/bootinfo.h"
#include "kernel/host/pages.h"

enum { MEMMAP_MAX = 512 };

/*
 * However many entries a map has, what is reserved is not in here: where there are more than
 * MEMMAP_MAX ranges, the smallest are given up.
 */
struct memmap {
	struct memory_range ranges[MEMMAP_MAX + 1]; /* ascending, disjoint, not empty */
	unsigned n;				    /* at most MEMMAP_MAX */
	unsigned wrapped;			    /* entries of the map that reach beyond 2^64 */
	uint64_t beyond;   /* bytes that are available, but not below the limit */
	uint64_t given_up; /* bytes, for want of room here */
};

/* The available memory of the boot information below limit (bytes). NULL, or what is wrong. */
const char *memmap_build(struct memmap *map, const struct bootinfo *info, uint64_t limit);

/* Takes [start, end) out, grown to whole pages. */
void memmap_remove(struct memmap *map, uint64_t start, uint64_t end);

/* Whether all of [start, end) is in it. */
bool memmap_has(const struct memmap *map, uint64_t start, uint64_t end);

/*
 * Every page up to the highest one needs a record of this size. Gives up the highest ranges if
 * they are worth less than MEMMAP_WORTH times the records that only they need; how many bytes
 * that was. So records take at most one part in MEMMAP_WORTH of memory, whatever holes it has.
 */
enum { MEMMAP_WORTH = 8 };
uint64_t memmap_drop_remote(struct memmap *map, uint64_t record);

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
