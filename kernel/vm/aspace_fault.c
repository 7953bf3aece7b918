/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handling a second-level fault.
 *
 * If large leaves must not be executable (small_exec), data gets large leaves without execute
 * permission. A fetch from one splits it, and the fetched 4 KiB page becomes executable. A page
 * that is first touched by a fetch gets a 4 KiB leaf at once.
 */
#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/string.h"
#include "kernel/vm/aspace.h"

/* Inlined, so that the usual 4 KiB fault has the level as a constant. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

enum {
	SPAN = 2 << 20, /* covered by one lowest table: populated at once */
	REFUSED_MAX = 1000, /* repeats of one fault on one CPU that can be lost races */
};

/* A deliberate bug: CPUs reject a leaf with these two bits (3:2) flipped. */
enum { FAULTY_BITS = 0xc };

/* The index of the leaf's first page in the image; UINT64_MAX: beyond the image. */
static inline uint64_t image_page(const struct region *r, uint64_t gpa, unsigned level)
{
	uint64_t at = (gpa & ~(aspace_leaf_size(level) - 1)) - r->start;

	return at < r->image_size ? at >> PAGE_SHIFT : UINT64_MAX;
}

struct aspace_plan aspace_plan_fault(const struct aspace *as, const struct vcpu_exit *exit)
{
	/*
	 * For a missing entry, a page walk is treated as a read. If the entry is present but
	 * insufficient for a page walk, write permission is missing, because walks set A/D (in
	 * EPT if its own A/D bits are enabled).
	 */
	unsigned walk = VMM_GPT_READ | (exit->fault.present ? VMM_GPT_WRITE : 0);
	unsigned want = exit->fault.walk ? walk : exit->fault.access;
	struct aspace_plan plan = {
		.region = aspace_region(as, exit->fault.gpa),
		.outcome = ASPACE_MAPPED,
		.level = 1,
		.image_page = UINT64_MAX,
	};

	if (!plan.region || plan.region->kind == REGION_HOLE) {
		plan.outcome = ASPACE_HOLE;
		return plan;
	}
	if (want & ~region_prot(plan.region) && !FAULT(RIGHT_UNCHECKED)) {
		plan.outcome = ASPACE_DENIED;
		return plan;
	}
	if (as->max_level > 1 && !FAULT(LEAF_SMALL) &&
	    !(want & VMM_GPT_EXEC && as->gpt.caps.small_exec))
		plan.level = region_leaf(plan.region, exit->fault.gpa, as->max_level);
	plan.image_page = image_page(plan.region, exit->fault.gpa, plan.level);
	return plan;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Allocates a block for a leaf at gpa and fills it with the initial content; 0: no memory. */
static ALWAYS_INLINE uint64_t get_block(const struct region *region, uint64_t gpa, unsigned level)
{
	uint64_t page = image_page(region, gpa, level), at = page << PAGE_SHIFT, pfn;

	if (level == 1) {
		pfn = page_alloc_zeroed(FRAME_GUEST);
	} else {
		pfn = pages_alloc(aspace_leaf_order(level), FRAME_GUEST);
		if (pfn)
			pages_clear(pfn, aspace_leaf_order(level));
	}
	if (pfn && page != UINT64_MAX && !FAULT(NO_IMAGE))
		memcpy(page_ptr(pfn), (const char *)region->image + at,
		       min(region->image_size - at, aspace_leaf_size(level)));
	return pfn;
}

static void count(struct aspace_counts *c, const struct vcpu_exit *exit)
{
	aspace_count(exit->fault.walk			? &c->walk :
		     exit->fault.access == ACCESS_EXEC	? &c->exec :
		     exit->fault.access == ACCESS_WRITE ? &c->write :
							  &c->read,
		     1);
}

/*
 * Creates an entry for a leaf at gpa. For a small leaf, creates entries for all pages of the
 * region in the same lowest table.
 */
static __attribute__((noinline)) bool populate(struct aspace *as, const struct region *region,
					       uint64_t gpa, unsigned level)
{
	uint64_t size = level == 1 ? SPAN : aspace_leaf_size(level), start = gpa & ~(size - 1);
	struct vmm_gpt_result r =
		vmm_gpt_populate_region(&as->gpt, max(start, region->start),
					min(start + size, region->start + region->size), level);

	if (r.error == VMM_GPT_NO_MEMORY)
		return false;
	ASSERT_EQ(r.error, VMM_GPT_OK);
	aspace_count(&as->counts.tables, r.entry);
	return true;
}

static ALWAYS_INLINE struct vmm_gpt_result map(struct aspace *as, uint64_t gpa, uint64_t pfn,
					       unsigned level, unsigned prot)
{
	struct vmm_gpt_result r = { .error = VMM_GPT_RETRY };

	/* Test it inside the section: the mover waits for sections that began before. */
	aspace_read_lock(as);
	if (!__atomic_load_n(&as->moving, __ATOMIC_SEQ_CST))
		r = vmm_gpt_map(&as->gpt, gpa, pfn, level, prot, VMM_GPT_WB);
	aspace_read_unlock(as);
	return r;
}

/* With the lock: maps pfn at gpa, creating the entry first if there is none. */
static struct vmm_gpt_result populate_and_map(struct aspace *as, const struct region *region,
					      uint64_t gpa, uint64_t pfn, unsigned level,
					      unsigned prot)
{
	if (!FAULT(NO_POPULATE) && !populate(as, region, gpa, level))
		return (struct vmm_gpt_result){ .error = VMM_GPT_NO_MEMORY };
	return map(as, gpa, pfn, level, prot);
}

/* Maps pfn at gpa; takes the lock if the entry is missing or frozen, or a move is in progress. */
static ALWAYS_INLINE struct vmm_gpt_result install(struct aspace *as, const struct region *region,
						   uint64_t gpa, uint64_t pfn, unsigned level,
						   bool has_lock)
{
	unsigned prot = aspace_prot(as, region, level);
	struct vmm_gpt_result r;

	if (FAULT(MAP_WRITE))
		prot |= VMM_GPT_WRITE;
	if (FAULT(MAP_EXEC))
		prot |= VMM_GPT_EXEC;
	if (FAULT(MAP_PFN))
		pfn++;
	r = map(as, gpa, pfn, level, prot);
	if (r.error != VMM_GPT_NOT_POPULATED && r.error != VMM_GPT_RETRY)
		return r;
	if (has_lock)
		return populate_and_map(as, region, gpa, pfn, level, prot);
	aspace_lock(as);
	r = populate_and_map(as, region, gpa, pfn, level, prot);
	aspace_unlock(as);
	return r;
}

/* Deliberate bugs in a new leaf. */
static void spoil(struct aspace *as, const struct region *region, uint64_t gpa, uint64_t pfn)
{
	struct vmm_gpt_result ignored;

	aspace_read_lock(as);
	if (FAULT(GUEST_LEAF))
		*vmm_gpt_lookup(&as->gpt, gpa, NULL) ^= FAULTY_BITS;
	if (FAULT(DIRTY_EARLY))
		ignored = vmm_gpt_reset_dirty(&as->gpt, vmm_gpt_lookup(&as->gpt, gpa, NULL), true);
	if (FAULT(MAP_TWICE))
		ignored = vmm_gpt_map(&as->gpt, gpa ^ PAGE_SIZE, pfn, 1, region_prot(region),
				      VMM_GPT_WB);
	(void)ignored;
	aspace_read_unlock(as);
}

/* Maps a new leaf of this level around gpa; on an error there is none. */
static ALWAYS_INLINE struct vmm_gpt_result place(struct aspace *as, const struct region *region,
						 uint64_t gpa, unsigned level, bool has_lock)
{
	uint64_t base = gpa & ~(aspace_leaf_size(level) - 1);
	uint64_t pages = UINT64_C(1) << aspace_leaf_order(level);
	uint64_t pfn = get_block(region, gpa, level);
	struct vmm_gpt_result r;

	if (!pfn)
		return (struct vmm_gpt_result){ .error = VMM_GPT_NO_MEMORY };
	/* Before it is mapped: afterwards another CPU may unmap it and needs the owner. */
	page_frame(pfn)->owner = (void *)base;
	r = install(as, region, base, pfn, level, has_lock);
	if (r.error || !r.changed) {
		pages_free(pfn, aspace_leaf_order(level), FRAME_GUEST);
		return r;
	}
	aspace_count(&as->mapped, pages);
	aspace_count(&as->counts.pages, pages);
	if (FAULT(GUEST_LEAF) || FAULT(DIRTY_EARLY) || FAULT(MAP_TWICE))
		spoil(as, region, base, pfn);
	if (FAULT(PAGE_EARLY))
		pages_free(pfn, aspace_leaf_order(level), FRAME_GUEST);
	return r;
}

/*
 * The level for a leaf at gpa, at most this one. Smaller entries that exist are kept. A larger
 * empty entry, left from before memory for its leaf ran out, is split. 0: no memory for that.
 */
static unsigned make_room(struct aspace *as, uint64_t gpa, unsigned level)
{
	vmm_gpt_pte_t *way[VMM_GPT_LEVELS];
	unsigned n = vmm_gpt_walk(&as->gpt, gpa, way, VMM_GPT_LEVELS);
	unsigned found = VMM_GPT_LEVELS + 1 - n;
	struct vmm_gpt_result r;

	if (found <= level)
		return found < level ? found : level;
	r = vmm_gpt_split(&as->gpt, gpa, level);
	if (r.error == VMM_GPT_NOT_POPULATED)
		return level;
	aspace_count(&as->counts.tables, r.entry);
	return r.error ? 0 : level;
}

/* With the lock: maps the largest leaf that memory allows. */
static struct vmm_gpt_result place_largest(struct aspace *as, const struct aspace_plan *plan,
					   uint64_t gpa)
{
	struct vmm_gpt_result r = { .error = VMM_GPT_NO_MEMORY };
	unsigned level = plan->level;

	while (level) {
		level = make_room(as, gpa, level);
		if (level)
			r = place(as, plan->region, gpa, level, true);
		if (r.error != VMM_GPT_NO_MEMORY || level <= 1)
			break;
		as->counts.smaller++;
		level--;
	}
	return r;
}

static bool is_mapped(const struct aspace *as, uint64_t gpa)
{
	struct vmm_gpt_extent e;

	return vmm_gpt_next(&as->gpt, gpa, gpa + 1, &e) && e.kind == VMM_GPT_MAPPED;
}

/*
 * Recheck under the lock: another vCPU may have mapped it. If memory for large leaves has run
 * out since, the existing leaf must not be split.
 */
static struct vmm_gpt_result place_any(struct aspace *as, const struct aspace_plan *plan,
				       uint64_t gpa)
{
	struct vmm_gpt_result r = { .error = VMM_GPT_OK };

	if (as->max_level == 1)
		return place(as, plan->region, gpa, 1, false);
	aspace_lock(as);
	if (!is_mapped(as, gpa))
		r = place_largest(as, plan, gpa);
	aspace_unlock(as);
	return r;
}

enum grant { GRANT_NOTHING, GRANTED, GRANT_NO_MEMORY };

/* Restores all rights that the region allows. NOTHING: the leaf has them, or is gone. */
static enum grant grant_locked(struct aspace *as, const struct region *region, uint64_t gpa,
			       bool fetch)
{
	struct vmm_gpt_extent e;
	struct vmm_gpt_result r;
	unsigned prot;

	if (fetch && as->gpt.caps.small_exec && !FAULT(FETCH_UNSPLIT) && !aspace_split(as, gpa, 1))
		return GRANT_NO_MEMORY;
	if (!vmm_gpt_next(&as->gpt, gpa, gpa + 1, &e) || e.kind != VMM_GPT_MAPPED)
		return GRANT_NOTHING;
	prot = aspace_prot(as, region, e.leaf.level);
	if (e.leaf.prot == prot)
		return GRANT_NOTHING;
	r = vmm_gpt_protect_region(&as->gpt, e.gpa, e.gpa + aspace_leaf_size(e.leaf.level), prot);
	ASSERT_EQ(r.error, VMM_GPT_OK);
	ASSERT_EQ(r.flush, VMM_GPT_FLUSH_NONE);
	as->counts.granted++;
	return GRANTED;
}

static enum grant grant(struct aspace *as, const struct region *region, uint64_t gpa, bool fetch)
{
	enum grant granted;

	aspace_lock(as);
	granted = grant_locked(as, region, gpa, fetch);
	if (granted == GRANT_NO_MEMORY && as->cpus > 1 && aspace_reap_sync(as))
		granted = grant_locked(as, region, gpa, fetch);
	aspace_unlock(as);
	return granted;
}

/*
 * The page is mapped: another CPU was faster. A lost race does not recur, so more than
 * REFUSED_MAX repeats of one instruction mean that hardware rejects the entry.
 */
static enum aspace_outcome spurious(struct aspace *as, const struct vcpu_exit *exit)
{
	struct aspace_refused *refused = &as->refused[aspace_cpu(as)];

	aspace_count(&as->counts.spurious, 1);
	if (!exit->fault.present)
		return ASPACE_SPURIOUS;
	if (as->cpus == 1)
		return ASPACE_REFUSED;
	if (refused->gpa != exit->fault.gpa || refused->rip != exit->rip)
		*refused = (struct aspace_refused){ .gpa = exit->fault.gpa, .rip = exit->rip };
	return ++refused->times > REFUSED_MAX ? ASPACE_REFUSED : ASPACE_SPURIOUS;
}

static void served(struct aspace *as)
{
	as->refused[aspace_cpu(as)].times = 0;
}

/* Memory retired by other vCPUs may be all that is left: wait for it. */
static bool reclaim(struct aspace *as)
{
	bool any;

	if (as->cpus == 1)
		return false;
	aspace_lock(as);
	any = aspace_reap_sync(as);
	aspace_unlock(as);
	return any;
}

enum aspace_outcome aspace_fault(struct aspace *as, const struct vcpu_exit *exit,
				 const struct aspace_plan *plan)
{
	uint64_t gpa = exit->fault.gpa / PAGE_SIZE * PAGE_SIZE;
	struct vmm_gpt_result r;

	count(&as->counts, exit);
	if (plan->outcome != ASPACE_MAPPED)
		return plan->outcome;
	if (exit->fault.present) {
		bool fetch = !exit->fault.walk && exit->fault.access == ACCESS_EXEC;
		enum grant granted = grant(as, plan->region, gpa, fetch);

		if (granted == GRANT_NO_MEMORY)
			return ASPACE_NO_MEMORY;
		if (granted == GRANTED) {
			served(as);
			return ASPACE_MAPPED;
		}
	}
	r = place_any(as, plan, gpa);
	if (r.error == VMM_GPT_NO_MEMORY && reclaim(as))
		r = place_any(as, plan, gpa);
	if (r.error == VMM_GPT_OK && r.changed) {
		served(as);
		return ASPACE_MAPPED;
	}
	if (r.error == VMM_GPT_NO_MEMORY)
		return ASPACE_NO_MEMORY;
	if (r.error != VMM_GPT_OK && (as->cpus == 1 || r.error != VMM_GPT_WRONG_SIZE))
		ASSERT_EQ(r.error, VMM_GPT_CONFLICT);
	return spurious(as, exit);
}
