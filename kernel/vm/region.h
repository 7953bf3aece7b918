/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest's physical memory is made of, and the leaves that it can be mapped by. Pure. */
#ifndef KERNEL_VM_REGION_H
#define KERNEL_VM_REGION_H

#include "gpt/vmm_gpt.h"

enum region_kind {
	REGION_RAM,  /* read, write, execute */
	REGION_ROM,  /* read, execute */
	REGION_DATA, /* read, write */
	REGION_HOLE, /* nothing is there, on purpose; so it has a name in reports */
};

/*
 * [start, start + size) in bytes, multiples of a page. image_size bytes from
 * image on are what its first pages begin with, copied at the first touch; the
 * rest begins as zeroes.
 */
struct region {
	const char *name;
	enum region_kind kind;
	uint64_t start, size;
	const void *image;
	uint64_t image_size;
};

/* What a leaf of this level covers, in bytes; and the order of a block of that size. */
static inline uint64_t aspace_leaf_size(unsigned level)
{
	return VMM_GPT_PAGE_SIZE << VMM_GPT_INDEX_BITS * (level - 1);
}

static inline unsigned aspace_leaf_order(unsigned level)
{
	return VMM_GPT_INDEX_BITS * (level - 1);
}

/* The largest leaf of the region that gpa can be in. */
unsigned region_leaf(const struct region *region, uint64_t gpa, unsigned max_level);
/* VMM_GPT_READ, _WRITE, _EXEC */
unsigned region_prot(const struct region *region);

/* Those of a leaf of this level. small_exec: none above 4 KiB is executable. */
static inline unsigned region_leaf_prot(const struct region *region, unsigned level,
					bool small_exec)
{
	unsigned prot = region_prot(region);

	return level > 1 && small_exec ? prot & ~(unsigned)VMM_GPT_EXEC : prot;
}

/* "rwx" and less, as the map and traces show it. */
const char *region_rights(const struct region *region);
const char *region_leaf_rights(const struct region *region, unsigned level, bool small_exec);

#endif
