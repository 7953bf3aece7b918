/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing mappings while a guest exists: HC_MEMORY.
 *
 * Each change is made between two exits of the calling CPU; the guest's other CPUs may be
 * anywhere. What it removes is retired after a flush that waits until none of them can use
 * the old translations. Large leaves that extend beyond the range are split here and not in
 * gpt/, because their allocator blocks must be split too.
 */
#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/string.h"
#include "kernel/vm/aspace.h"

static uint64_t leaf_end(const struct vmm_gpt_extent *e)
{
	return e->gpa + aspace_leaf_size(e->leaf.level);
}

/* The leaf at gpa. False: none. */
static bool leaf_at(struct aspace *as, uint64_t gpa, struct vmm_gpt_extent *e)
{
	return vmm_gpt_next(&as->gpt, gpa, gpa + 1, e) && e->kind == VMM_GPT_MAPPED;
}

/* Splits the block of a leaf the way its split made leaves, along the path to gpa. */
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

bool aspace_split(struct aspace *as, uint64_t gpa, unsigned to)
{
	struct vmm_gpt_extent e;
	struct vmm_gpt_result r;

	if (!leaf_at(as, gpa, &e))
		return true;
	r = vmm_gpt_split(&as->gpt, gpa, to);
	if (r.error)
		return false;
	if (!r.changed)
		return true;
	if (!FAULT(SPLIT_BLOCK))
		break_up(&e, gpa, to);
	aspace_count(&as->counts.tables, r.entry);
	as->counts.splits += r.entry;
	aspace_flush(as);
	return true;
}

/* Splits a leaf that lies across this edge. */
static bool cut(struct aspace *as, uint64_t edge)
{
	struct vmm_gpt_extent e;
	unsigned level;

	if (!leaf_at(as, edge, &e) || e.gpa == edge)
		return true;
	level = e.leaf.level - 1u;
	while (edge & (aspace_leaf_size(level) - 1))
		level--;
	return aspace_split(as, edge, level);
}

static void flush_if(struct aspace *as, struct vmm_gpt_result r)
{
	if (r.flush == VMM_GPT_FLUSH_REQUIRED)
		aspace_flush(as);
}

static bool merge_to(struct aspace *as, uint64_t gpa, unsigned level)
{
	struct vmm_gpt_result r = vmm_gpt_merge(&as->gpt, gpa, level, &as->retired.tables);
	struct vmm_gpt_extent e;

	if (FAULT(TABLE_EARLY))
		vmm_gpt_free_retired(&as->gpt, &as->retired.tables);
	flush_if(as, r);
	if (!r.changed || !leaf_at(as, gpa, &e))
		return false;
	pages_join(e.leaf.pfn, aspace_leaf_order(level - 1), aspace_leaf_order(level), FRAME_GUEST);
	page_frame(e.leaf.pfn)->owner = (void *)e.gpa;
	as->counts.merges++;
	return true;
}

/* The extent at gpa; a leaf is extended by all that follow with the same rights. */
static bool next_alike(struct aspace *as, uint64_t gpa, uint64_t end, struct vmm_gpt_extent *run)
{
	struct vmm_gpt_extent e;

	if (!vmm_gpt_next(&as->gpt, gpa, end, run))
		return false;
	while (run->kind == VMM_GPT_MAPPED && vmm_gpt_next(&as->gpt, run->end, end, &e) &&
	       e.kind == VMM_GPT_MAPPED && e.leaf.prot == run->leaf.prot)
		run->end = e.end;
	return true;
}

/*
 * Runs of leaves with equal rights are changed in one call, which keeps their other rights. A
 * leaf that a fault maps meanwhile, with all rights, counts as mapped after the change.
 */
static void take_right(struct aspace *as, uint64_t start, uint64_t end, unsigned right)
{
	struct vmm_gpt_result all = { .flush = VMM_GPT_FLUSH_NONE };
	struct vmm_gpt_extent e;

	for (uint64_t gpa = start; next_alike(as, gpa, end, &e); gpa = e.end) {
		struct vmm_gpt_result r;

		if (e.kind != VMM_GPT_MAPPED)
			continue;
		r = vmm_gpt_protect_region(&as->gpt, e.start, e.end, e.leaf.prot & ~right);
		ASSERT_EQ(r.error, VMM_GPT_OK);
		if (r.flush == VMM_GPT_FLUSH_REQUIRED)
			all.flush = r.flush;
	}
	flush_if(as, all);
}

/* If large leaves must not be executable, their parts lose that right; a fetch splits it again. */
static bool merge(struct aspace *as, uint64_t gpa)
{
	bool any = false;

	for (unsigned level = 2; level <= as->max_level; level++) {
		uint64_t base = gpa & ~(aspace_leaf_size(level) - 1);

		if (as->gpt.caps.small_exec)
			take_right(as, base, base + aspace_leaf_size(level), VMM_GPT_EXEC);
		any |= merge_to(as, gpa, level);
	}
	return any;
}

static struct vmm_gpt_result unmap(struct aspace *as, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result r = vmm_gpt_unmap_region(&as->gpt, start, end, aspace_retire, as);

	ASSERT_EQ(r.error, VMM_GPT_OK);
	return r;
}

/*
 * One flush serves both, because all they take out is in retired. Between them a fault may map
 * a page without the lock; then the entries stay.
 */
static enum aspace_outcome vacate(struct aspace *as, uint64_t start, uint64_t end)
{
	uint64_t waiting = as->retired.tables.count, tables = as->gpt.tables, taken;
	struct vmm_gpt_result unmapped = unmap(as, start, end);
	struct vmm_gpt_result r = vmm_gpt_vacate_region(&as->gpt, start, end, &as->retired.tables);

	taken = as->retired.tables.count - waiting;
	as->counts.taken += taken;
	/* It may have split an empty entry at an edge. */
	aspace_count(&as->counts.tables, as->gpt.tables + taken - tables);
	if (unmapped.flush == VMM_GPT_FLUSH_REQUIRED)
		r.flush = unmapped.flush;
	flush_if(as, r);
	if (r.error == VMM_GPT_NO_MEMORY)
		return ASPACE_NO_MEMORY;
	if (r.error != VMM_GPT_OK)
		ASSERT_EQ(r.error, VMM_GPT_STILL_MAPPED);
	return r.error ? ASPACE_DENIED : ASPACE_MAPPED;
}

/* Leaves that move together, with one flush. */
enum { BATCH = 32 };

struct batch {
	struct vmm_gpt_extent from[BATCH];
	uint64_t to[BATCH]; /* pfn */
	unsigned n;
};

/*
 * Allocates a block for a leaf to move to. If there is none of its size, the leaf is split and
 * *e becomes its first part. 0: no memory.
 */
static uint64_t block_for(struct aspace *as, struct vmm_gpt_extent *e)
{
	uint64_t pfn;

	while (!(pfn = pages_alloc(aspace_leaf_order(e->leaf.level), FRAME_GUEST))) {
		if (e->leaf.level == 1 || !aspace_split(as, e->gpa, e->leaf.level - 1u))
			return 0;
		as->counts.smaller++;
		vmm_gpt_next(&as->gpt, e->gpa, leaf_end(e), e);
	}
	return pfn;
}

/* Collects the next leaves of [start, end) with a new block for each; returns where they end. */
static uint64_t gather(struct aspace *as, uint64_t start, uint64_t end, struct batch *b, bool *ok)
{
	struct vmm_gpt_extent e;

	b->n = 0;
	*ok = true;
	while (b->n < BATCH && vmm_gpt_next(&as->gpt, start, end, &e)) {
		if (e.kind == VMM_GPT_MAPPED) {
			b->to[b->n] = block_for(as, &e);
			*ok = b->to[b->n];
			if (!*ok)
				break;
			b->from[b->n++] = e;
		}
		start = e.end;
	}
	return start;
}

static void place(struct aspace *as, const struct vmm_gpt_extent *e, uint64_t pfn)
{
	unsigned level = e->leaf.level;
	struct vmm_gpt_result r;

	memcpy(page_ptr(pfn), page_ptr(e->leaf.pfn), aspace_leaf_size(level));
	page_frame(pfn)->owner = (void *)e->gpa;
	r = vmm_gpt_map(&as->gpt, e->gpa, pfn, level, e->leaf.prot, e->leaf.type);
	ASSERT_EQ(r.error, VMM_GPT_OK);
	aspace_count(&as->mapped, UINT64_C(1) << aspace_leaf_order(level));
	as->counts.moves++;
}

/*
 * Moves leaves to other blocks. They are unmapped and flushed first, so that nothing writes to
 * the old blocks; faults map nothing meanwhile.
 */
static bool move(struct aspace *as, uint64_t start, uint64_t end)
{
	struct batch b;
	bool ok = true;

	aspace_move_begin(as);
	while (ok && start < end) {
		uint64_t next = gather(as, start, end, &b, &ok);

		if (next > start)
			flush_if(as, unmap(as, start, next));
		for (unsigned i = 0; i < b.n; i++)
			place(as, &b.from[i], b.to[i]);
		aspace_reap_sync(as);
		start = next;
	}
	aspace_move_end(as);
	return ok;
}

static void clean(struct aspace *as, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result r = vmm_gpt_collect(
		&as->gpt, start, end, VMM_GPT_ACCESSED | VMM_GPT_DIRTY, true, NULL, NULL);

	ASSERT_EQ(r.error, VMM_GPT_OK);
	if (r.flush != VMM_GPT_FLUSH_NONE) /* also for A: the caller wants exact bits */
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
	if (op == ASPACE_SPLIT)
		return outcome(aspace_split(as, gpa, 1));
	if (op == ASPACE_MERGE)
		return merge(as, gpa) ? ASPACE_MAPPED : ASPACE_DENIED;
	if (!cut(as, gpa) || !cut(as, gpa + size))
		return ASPACE_NO_MEMORY;
	switch (op) {
	case ASPACE_READ_ONLY:
		take_right(as, gpa, gpa + size, VMM_GPT_WRITE);
		return ASPACE_MAPPED;
	case ASPACE_NO_EXEC:
		take_right(as, gpa, gpa + size, VMM_GPT_EXEC);
		return ASPACE_MAPPED;
	case ASPACE_UNMAP:
		flush_if(as, unmap(as, gpa, gpa + size));
		return ASPACE_MAPPED;
	case ASPACE_VACATE:
		return vacate(as, gpa, gpa + size);
	case ASPACE_MOVE:
		return outcome(move(as, gpa, gpa + size));
	case ASPACE_CLEAN:
		clean(as, gpa, gpa + size);
		return ASPACE_MAPPED;
	}
	return ASPACE_DENIED;
}

enum aspace_outcome aspace_change(struct aspace *as, unsigned op, uint64_t gpa, uint64_t size)
{
	enum aspace_outcome outcome;

	aspace_lock(as);
	outcome = change(as, op, gpa, size);
	if (outcome == ASPACE_MAPPED)
		as->counts.changes[op]++;
	aspace_unlock(as);
	return outcome;
}
