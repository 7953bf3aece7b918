/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's physical memory regions, and the leaves that can map them. Pure. */
#ifndef KERNEL_VM_REGION_H
#define KERNEL_VM_REGION_H

#include "gpt/vmm_gpt.h"

enum region_kind {
	REGION_RAM,  /* read, write, execute */
	REGION_ROM,  /* read, execute */
	REGION_DATA, /* read, write */
	REGION_HOLE, /* deliberately nothing; reports show its name */
};

/*
 * [start, start + size) in bytes, multiples of a page. The first image_size bytes start as
 * a copy of image, made at the first touch; the rest is zeroed.
 */
struct region {
	const char *name;
	enum region_kind kind;
	uint64_t start, size;
	const void *image;
	uint64_t image_size;
};

/* Size of a leaf of this level in bytes, and the order of a block of that size. */
static inline uint64_t aspace_leaf_size(unsigned level)
{
	return VMM_GPT_PAGE_SIZE << VMM_GPT_INDEX_BITS * (level - 1);
}

static inline unsigned aspace_leaf_order(unsigned level)
{
	return VMM_GPT_INDEX_BITS * (level - 1);
}

/* The level of the largest leaf around gpa that lies within the region, at most max_level. */
unsigned region_leaf(const struct region *region, uint64_t gpa, unsigned max_level);
/* VMM_GPT_READ, _WRITE, _EXEC */
unsigned region_prot(const struct region *region);

/* The rights of a leaf of this level. small_exec: leaves above 4 KiB are not executable. */
static inline unsigned region_leaf_prot(const struct region *region, unsigned level,
					bool small_exec)
{
	unsigned prot = region_prot(region);

	return level > 1 && small_exec ? prot & ~(unsigned)VMM_GPT_EXEC : prot;
}

/* "rwx" or fewer, for the map and traces. */
const char *region_rights(const struct region *region);
const char *region_leaf_rights(const struct region *region, unsigned level, bool small_exec);

#endif
