/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/region.h"

unsigned region_prot(const struct region *r)
{
	static const uint8_t rights[] = {
		[REGION_RAM] = VMM_GPT_READ | VMM_GPT_WRITE | VMM_GPT_EXEC,
		[REGION_ROM] = VMM_GPT_READ | VMM_GPT_EXEC,
		[REGION_DATA] = VMM_GPT_READ | VMM_GPT_WRITE,
		[REGION_HOLE] = 0,
	};

	return rights[r->kind];
}

unsigned region_leaf(const struct region *r, uint64_t gpa, unsigned level)
{
	for (; level > 1; level--) {
		uint64_t size = aspace_leaf_size(level), base = gpa & ~(size - 1);

		if (base >= r->start && base + size <= r->start + r->size)
			break;
	}
	return level;
}

const char *region_leaf_rights(const struct region *r, unsigned level, bool small_exec)
{
	static const char *const words[] = {
		"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"
	};

	return words[region_leaf_prot(r, level, small_exec)];
}

const char *region_rights(const struct region *r)
{
	return region_leaf_rights(r, 1, false);
}
