/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware's memory map, normalized: sorted, whole pages only, without overlaps
 * (reserved wins), and without memory already in use. Pure.
 */
#ifndef KERNEL_HOST_MEMMAP_H
#define KERNEL_HOST_MEMMAP_H

#include "kernel/host/bootinfo.h"
#include "kernel/host/pages.h"
#include "kernel/lib/must_check.h"

enum { MEMMAP_MAX = 512 };

/*
 * Available memory. With more than MEMMAP_MAX ranges, the smallest are given up, so that
 * every reservation is respected.
 */
struct memmap {
	struct memory_range ranges[MEMMAP_MAX + 1]; /* ascending, disjoint, not empty */
	unsigned n;				    /* at most MEMMAP_MAX */
	unsigned wrapped;			    /* entries of the map that end beyond 2^64 */
	uint64_t beyond;			    /* available bytes at or above the limit */
	uint64_t given_up; /* bytes given up because there were too many ranges */
};

/* Collects the available memory below limit (bytes). Returns NULL, or what is wrong. */
MUST_CHECK
const char *memmap_build(struct memmap *map, const struct bootinfo *info, uint64_t limit);

/* Removes [start, end), rounded outwards to whole pages. */
void memmap_remove(struct memmap *map, uint64_t start, uint64_t end);

/* Is all of [start, end) available? */
bool memmap_has(const struct memmap *map, uint64_t start, uint64_t end);

/*
 * Every page up to the highest one needs a record of this size in bytes. Drops the highest
 * ranges unless they are larger than MEMMAP_WORTH times the records that only they need;
 * returns the bytes dropped. Then records take at most 1/MEMMAP_WORTH of memory, whatever holes it
 * has, unless even the lowest range is too high for that. The lowest range always stays.
 */
enum { MEMMAP_WORTH = 8 };
uint64_t memmap_drop_remote(struct memmap *map, uint64_t record);

/*
 * Takes size bytes (rounded up to whole pages), aligned to align bytes and all below limit,
 * as high as possible. Returns the address; 0: none.
 */
uint64_t memmap_take(struct memmap *map, uint64_t size, uint64_t align, uint64_t limit);

/*
 * Takes size bytes of memory where a CPU can start (below 640 KiB: SDM vol. 3A, 9.4.4), from
 * the middle of the largest piece, since BIOSes keep data at both ends, listed or not. Never
 * page 0. Returns the address; 0: none.
 */
uint64_t memmap_take_low(struct memmap *map, uint64_t size);

uint64_t memmap_bytes(const struct memmap *map);

#endif
