/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing what is mapped while a guest is there: HC_MEMORY.
 *
 * Each change is made between two exits of the CPU that asks for it; the guest's
 * others may be anywhere. What it takes out goes into limbo, behind a flush that
 * waits until none of them can go by what was before. Large leaves that stick out of
 * what is changed are split here and not in gpt/, since their blocks have to be
 * broken up with them.
 */
#include "guest/abi.h"
#include "kernel/aspace.h"
#include "kernel/fault.h"
#include "kernel/pages.h"
#include "kernel/panic.h"
#include "kernel/string.h"

static uint64_t leaf_end(const struct vmm_gpt_extent *e)
{
	return e->gpa + aspace_leaf_size(e->leaf.level);
}

/* The leaf at gpa. False: none. */
static bool leaf_at(struct aspace *as, uint64_t gpa, struct vmm_gpt_extent *e)
{
	return vmm_gpt_next(&as->gpt, gpa, gpa + 1, e) && e->kind == VMM_GPT_MAPPED;
}

/* The block of a leaf becomes blocks as its split made leaves: one way down to gpa. */
static void break_up(const struct vmm_gpt_extent *e, uint64_t gpa, unsigned to)
{
	uint64_t pfn = e->leaf.pfn, base = e->gpa;

	for (unsigned level = e->leaf.level; level > to; level--) {
		unsigned below = aspace_leaf_order(level - 1);
		uint64_t size = aspace_leaf_size(level - 1), i = (gpa - base) / size;

		pages_break(pfn, aspace_leaf_order(level), below, FRAME_GUEST);
		for (uint64_t n = 0; n < VMM_GPT_ENTRIES; n++)
			page_frame(pfn + (n << below))->owner = (void *)(base + n * size);
		pfn += i << below;
		base += i * size;
	}
}

static bool split(struct aspace *as, uint64_t gpa, unsigned to)
{
	struct vmm_gpt_extent e;
	struct vmm_gpt_result r;

	if (!leaf_at(as, gpa, &e))
		return true;
	r = vmm_gpt_split(&as->gpt, gpa, to);
	if (r.error)
		return false;
	if (!r.did_it)
		return true;
	if (!FAULT(SPLIT_BLOCK))
		break_up(&e, gpa, to);
	aspace_count(&as->counts.tables, r.entry);
	as->counts.splits += r.entry;
	aspace_flush(as);
	return true;
}

/* Splits a leaf that is both below and above this edge. */
static bool cut(struct aspace *as, uint64_t edge)
{
	struct vmm_gpt_extent e;
	unsigned level;

	if (!leaf_at(as, edge, &e) || e.gpa == edge)
		return true;
	level = e.leaf.level - 1u;
	while (edge & (aspace_leaf_size(level) - 1))
		level--;
	return split(as, edge, level);
}

static bool merge_to(struct aspace *as, uint64_t gpa, unsigned level)
{
	struct vmm_gpt_result r = vmm_gpt_merge(&as->gpt, gpa, level, &as->limbo.tables);
	struct vmm_gpt_extent e;

	if (FAULT(TABLE_EARLY))
		vmm_gpt_put_taken(&as->gpt, &as->limbo.tables);
	if (r.flush == VMM_GPT_FLUSH_REQUIRED)
		aspace_flush(as);
	if (!r.did_it || !leaf_at(as, gpa, &e))
		return false;
	pages_join(e.leaf.pfn, aspace_leaf_order(level - 1), aspace_leaf_order(level), FRAME_GUEST);
	page_frame(e.leaf.pfn)->owner = (void *)e.gpa;
	as->counts.merges++;
	return true;
}

static bool merge(struct aspace *as, uint64_t gpa)
{
	bool any = false;

	for (unsigned level = 2; level <= as->max_level; level++)
		any |= merge_to(as, gpa, level);
	return any;
}

static void read_only(struct aspace *as, const struct region *region, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result r = vmm_gpt_protect_region(
		&as->gpt, start, end, region_prot(region) & ~(unsigned)VMM_GPT_WRITE);

	ASSERT_EQ(r.error, VMM_GPT_OK);
	if (r.flush == VMM_GPT_FLUSH_REQUIRED)
		aspace_flush(as);
}

static void unmap(struct aspace *as, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result r = vmm_gpt_unmap_region(&as->gpt, start, end, aspace_quarantine, as);

	ASSERT_EQ(r.error, VMM_GPT_OK);
	if (r.flush == VMM_GPT_FLUSH_REQUIRED)
		aspace_flush(as);
}

/*
 * A leaf gets another block. It is unmapped first, with the flush, so that nobody
 * writes to the old one any more; no fault maps another one meanwhile.
 */
static bool move_leaf(struct aspace *as, const struct vmm_gpt_extent *e)
{
	unsigned level = e->leaf.level;
	uint64_t pfn = pages_get(aspace_leaf_order(level), FRAME_GUEST);
	struct vmm_gpt_result r;

	if (!pfn)
		return false;
	unmap(as, e->gpa, leaf_end(e));
	memcpy(page_ptr(pfn), page_ptr(e->leaf.pfn), aspace_leaf_size(level));
	r = vmm_gpt_map(&as->gpt, e->gpa, pfn, level, e->leaf.prot, e->leaf.type);
	ASSERT_EQ(r.error, VMM_GPT_OK);
	page_frame(pfn)->owner = (void *)e->gpa;
	aspace_count(&as->mapped, UINT64_C(1) << aspace_leaf_order(level));
	as->counts.moves++;
	return true;
}

static bool move(struct aspace *as, uint64_t start, uint64_t end)
{
	struct vmm_gpt_extent e;
	bool ok = true;

	aspace_moving(as);
	for (uint64_t gpa = start; ok && vmm_gpt_next(&as->gpt, gpa, end, &e); gpa = e.end)
		if (e.kind == VMM_GPT_MAPPED)
			ok = move_leaf(as, &e);
	aspace_moved(as);
	return ok;
}

static void clean(struct aspace *as, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result r = vmm_gpt_collect(
		&as->gpt, start, end, VMM_GPT_ACCESSED | VMM_GPT_DIRTY, true, NULL, NULL);

	ASSERT_EQ(r.error, VMM_GPT_OK);
	if (r.flush != VMM_GPT_FLUSH_NONE) /* also for A: what is asked for is to be exact */
		aspace_flush(as);
}

static enum aspace_outcome outcome(bool enough_memory)
{
	return enough_memory ? ASPACE_MAPPED : ASPACE_NO_MEMORY;
}

static enum aspace_outcome change(struct aspace *as, unsigned op, uint64_t gpa, uint64_t size)
{
	const struct region *region = aspace_region(as, gpa);

	if (!region || region->kind == REGION_HOLE || !size || (gpa | size) % PAGE_SIZE ||
	    size > region->start + region->size - gpa)
		return ASPACE_DENIED;
	if (op == MEMORY_SPLIT)
		return outcome(split(as, gpa, 1));
	if (op == MEMORY_MERGE)
		return merge(as, gpa) ? ASPACE_MAPPED : ASPACE_DENIED;
	if (!cut(as, gpa) || !cut(as, gpa + size))
		return ASPACE_NO_MEMORY;
	switch (op) {
	case MEMORY_READ_ONLY:
		read_only(as, region, gpa, gpa + size);
		return ASPACE_MAPPED;
	case MEMORY_UNMAP:
		unmap(as, gpa, gpa + size);
		return ASPACE_MAPPED;
	case MEMORY_MOVE:
		return outcome(move(as, gpa, gpa + size));
	case MEMORY_CLEAN:
		clean(as, gpa, gpa + size);
		return ASPACE_MAPPED;
	}
	return ASPACE_DENIED;
}

enum aspace_outcome aspace_change(struct aspace *as, unsigned op, uint64_t gpa, uint64_t size)
{
	enum aspace_outcome outcome;

	lock_take(&as->lock);
	outcome = change(as, op, gpa, size);
	lock_give(&as->lock);
	return outcome;
}
