/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/check/tlbcheck.h"

#include "gpt/format.h"
#include "kernel/host/panic.h"
#include "kernel/lib/string.h"

enum { ROOTS = 64, ROOT_BITS = 6, TAGS = 16 };

/*
 * A frame's state: this, while a table contains or maps it; otherwise the time when that ended,
 * and the root.
 */
#define REACHABLE UINT64_MAX

struct root {
	uint64_t pfn;	    /* 0: free slot */
	uint64_t taken;	    /* time of the last removal */
	uint64_t completed; /* removals up to this time are relied upon */
	bool watched;
};

/* What a CPU may have cached for a tag. Only that CPU changes it; others read flushed and root. */
struct tag {
	uint64_t tag;
	uint64_t root; /* whose translations are cached; 0: none */
	uint64_t flushed;
};

struct tlbcheck_cpu {
	struct tag tags[TAGS];
	unsigned next;	    /* next slot to replace */
	struct tag *inside; /* tag of the guest the CPU is in; NULL: none */
	uint64_t walks;	    /* root whose read section it is in; 0: none */
	uint64_t since;
	uint64_t holds; /* root whose lock it holds; 0: none */
};

static struct {
	uint64_t clock;
	unsigned watched; /* number of roots; if 0, entries are ignored */
	struct root roots[ROOTS];
	struct tlbcheck_cpu cpus[TLBCHECK_CPUS_MAX];
	unsigned ncpus;
	uint64_t *frames;
	uint64_t nframes;
	uintptr_t page_base;
	tlbcheck_root_fn *root_of;
	const struct vmm_gpt_format *format;
} check;

static uint64_t now(void)
{
	return __atomic_add_fetch(&check.clock, 1, __ATOMIC_SEQ_CST);
}

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void store(uint64_t *p, uint64_t value)
{
	__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
}

static void raise_to(uint64_t *p, uint64_t value)
{
	uint64_t old = load(p);

	while (old < value && !__atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_SEQ_CST,
							   __ATOMIC_SEQ_CST))
		;
}

void tlbcheck_init(uint64_t *frames, uint64_t nframes, uintptr_t page_base,
		   tlbcheck_root_fn *root_of, const struct vmm_gpt_format *format)
{
	memset(&check, 0, sizeof(check));
	check.frames = frames;
	check.nframes = nframes;
	check.page_base = page_base;
	check.root_of = root_of;
	check.format = format;
}

/* Roots. */

static struct root *find_root(uint64_t pfn)
{
	for (unsigned i = 0; i < ROOTS; i++)
		if (load(&check.roots[i].pfn) == pfn)
			return &check.roots[i];
	return NULL;
}

static bool may_have_cached(uint64_t root_pfn)
{
	for (unsigned c = 0; c < check.ncpus; c++)
		for (unsigned i = 0; i < TAGS; i++)
			if (load(&check.cpus[c].tags[i].root) == root_pfn)
				return true;
	return false;
}

/* Takes a slot: one that was never used, or whose root no CPU has cached. */
static struct root *new_root(uint64_t pfn)
{
	for (unsigned i = 0; i < ROOTS; i++) {
		struct root *r = &check.roots[i];
		uint64_t old = load(&r->pfn);

		if (old && (r->watched || may_have_cached(old)))
			continue;
		if (!__atomic_compare_exchange_n(&r->pfn, &old, pfn, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			continue;
		return r;
	}
	panic("tlb check: more than %u roots", ROOTS);
}

static void set_frame(uint64_t pfn, uint64_t value)
{
	if (pfn < check.nframes)
		store(&check.frames[pfn], value);
}

static uint64_t stamp_of(const struct root *root, uint64_t when)
{
	return when << ROOT_BITS | (uint64_t)(root - check.roots);
}

void tlbcheck_root_begins(uint64_t root_pfn)
{
	struct root *root;

	root = find_root(root_pfn);
	if (!root)
		root = new_root(root_pfn);
	__atomic_fetch_add(&check.watched, 1, __ATOMIC_SEQ_CST);
	root->watched = true;
	set_frame(root_pfn, REACHABLE);
}

void tlbcheck_root_ends(uint64_t root_pfn)
{
	struct root *root = find_root(root_pfn);
	uint64_t when;

	if (!root)
		return;
	when = now();
	root->watched = false;
	__atomic_fetch_sub(&check.watched, 1, __ATOMIC_SEQ_CST);
	raise_to(&root->taken, when);
	set_frame(root_pfn, stamp_of(root, when));
}

/* Stores. */

/* Sets the state of all frames that an entry refers to: a table page, or the pages of a leaf. */
static void set_frames(uint64_t pte, unsigned level, uint64_t value)
{
	bool leaf = gpt_pte_is_leaf(check.format, pte, level);
	uint64_t pfn = vpeo_pte_pfn(check.format, pte, leaf ? level : 1);
	uint64_t pages =
		leaf ? UINT64_C(1) << (vmm_gpt_level_shift(level) - VMM_GPT_PAGE_SHIFT) : 1;

	for (uint64_t i = pfn; i < pfn + pages; i++)
		set_frame(i, value);
}

/* Whether both entries refer to the same table or the same pages. */
static bool same_frames(uint64_t old, uint64_t new, unsigned level)
{
	const struct vmm_gpt_format *f = check.format;
	bool leaf = gpt_pte_is_leaf(f, old, level);

	return vpeo_pte_is_present(f, old) && vpeo_pte_is_present(f, new) &&
	       leaf == gpt_pte_is_leaf(f, new, level) &&
	       vpeo_pte_pfn(f, old, leaf ? level : 1) == vpeo_pte_pfn(f, new, leaf ? level : 1);
}

/* Whether a CPU that uses old may do something that new does not allow. */
static bool takes(uint64_t old, uint64_t new, unsigned level)
{
	const struct vmm_gpt_format *f = check.format;

	if (!vpeo_pte_is_present(f, old))
		return false;
	if (!same_frames(old, new, level))
		return true;
	if (!gpt_pte_is_leaf(f, old, level))
		return false;
	return gpt_pte_type(f, old, level) != gpt_pte_type(f, new, level) ||
	       (vpeo_pte_prot(f, old) & ~vpeo_pte_prot(f, new)) || (old & ~new & f->dirty);
}

/*
 * Marks what an entry refers to as reachable, after the store. Other CPUs may have removed it
 * already: mark nothing if it no longer holds, and do not overwrite a state that changed since
 * it was read.
 */
static void set_reachable(const vmm_gpt_pte_t *ptep, uint64_t pte, unsigned level)
{
	const struct vmm_gpt_format *f = check.format;
	bool leaf = gpt_pte_is_leaf(f, pte, level);
	uint64_t pfn = vpeo_pte_pfn(f, pte, leaf ? level : 1);
	uint64_t end =
		pfn + (leaf ? UINT64_C(1) << (vmm_gpt_level_shift(level) - VMM_GPT_PAGE_SHIFT) : 1);

	for (; pfn < end && pfn < check.nframes; pfn++) {
		uint64_t seen = load(&check.frames[pfn]);

		if (!same_frames(load(ptep), pte, level))
			return;
		__atomic_compare_exchange_n(&check.frames[pfn], &seen, REACHABLE, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	}
}

void tlbcheck_wrote(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t new)
{
	const struct vmm_gpt_format *f = check.format;
	uint64_t table = ((uintptr_t)ptep - check.page_base) >> VMM_GPT_PAGE_SHIFT, pfn, when;
	struct root *root;
	unsigned level = 0;

	if (!check.watched || old == new)
		return;
	pfn = check.root_of(table, &level);
	root = pfn ? find_root(pfn) : NULL;
	if (!root || !root->watched)
		return;
	if (takes(old, new, level)) {
		when = now();
		raise_to(&root->taken, when);
		/* The pages of a leaf that was split stay reachable through the table. */
		if (!same_frames(old, new, level) &&
		    !(gpt_pte_is_leaf(f, old, level) && vpeo_pte_is_present(f, new)))
			set_frames(old, level, stamp_of(root, when));
	}
	if (vpeo_pte_is_present(f, new) && !same_frames(old, new, level))
		set_reachable(ptep, new, level);
}

/* CPUs. */

static struct tag *find_tag(struct tlbcheck_cpu *cpu, uint64_t tag)
{
	for (unsigned i = 0; i < TAGS; i++)
		if (cpu->tags[i].tag == tag)
			return &cpu->tags[i];
	return NULL;
}

static void flush_tag(struct tag *t)
{
	store(&t->root, 0);
	store(&t->flushed, now());
}

static struct tlbcheck_cpu *cpu_at(unsigned n)
{
	ASSERT(n < TLBCHECK_CPUS_MAX);
	if (n >= check.ncpus)
		check.ncpus = n + 1; /* CPUs start one after the other */
	return &check.cpus[n];
}

void tlbcheck_flush(unsigned n, uint64_t tag)
{
	struct tlbcheck_cpu *cpu;
	struct tag *t;

	cpu = cpu_at(n);
	for (unsigned i = 0; !tag && i < TAGS; i++)
		flush_tag(&cpu->tags[i]);
	if (!tag)
		return;
	t = find_tag(cpu, tag);
	if (!t) {
		t = &cpu->tags[cpu->next];
		cpu->next = (cpu->next + 1) % TAGS;
		t->tag = tag;
	}
	flush_tag(t);
}

void tlbcheck_enter(unsigned n, uint64_t tag, uint64_t root_pfn)
{
	struct tlbcheck_cpu *cpu = &check.cpus[n];
	struct root *root;
	struct tag *t;

	t = find_tag(cpu, tag);
	root = find_root(root_pfn);
	if (!t || !t->flushed)
		panic("tlb check: CPU %u enters root 0x%lx for the first time, and without a flush",
		      n, (unsigned long)root_pfn);
	if (!root || !root->watched)
		panic("tlb check: CPU %u enters root 0x%lx, which is none", n,
		      (unsigned long)root_pfn);
	if (t->root && t->root != root_pfn)
		panic("tlb check: CPU %u enters root 0x%lx, but has root 0x%lx cached under the "
		      "same tag 0x%lx",
		      n, (unsigned long)root_pfn, (unsigned long)t->root, (unsigned long)tag);
	/* Nothing was cached since the flush, so it counts as if it were made now. */
	if (!t->root)
		store(&t->flushed, now());
	store(&t->root, root_pfn);
	__atomic_store_n(&cpu->inside, t, __ATOMIC_SEQ_CST);
	/* Afterwards: either the initiator sees us inside, or we see the completed change. */
	if (load(&root->completed) > t->flushed)
		panic("tlb check: CPU %u enters root 0x%lx without a flush: it flushed at %lu, and "
		      "a change was complete at %lu",
		      n, (unsigned long)root_pfn, (unsigned long)t->flushed,
		      (unsigned long)root->completed);
}

void tlbcheck_exit(unsigned n)
{
	__atomic_store_n(&check.cpus[n].inside, NULL, __ATOMIC_SEQ_CST);
}

/* Software walks. */

void tlbcheck_walk(unsigned n, uint64_t root_pfn)
{
	store(&cpu_at(n)->since, now());
	store(&check.cpus[n].walks, root_pfn);
}

void tlbcheck_hold(unsigned n, uint64_t root_pfn)
{
	cpu_at(n)->holds = root_pfn;
}

void tlbcheck_read(unsigned n, const vmm_gpt_pte_t *ptep)
{
	uint64_t table = ((uintptr_t)ptep - check.page_base) >> VMM_GPT_PAGE_SHIFT;
	const struct tlbcheck_cpu *cpu;
	const struct root *root;
	unsigned level;
	uint64_t pfn;

	if (!check.watched)
		return;
	cpu = cpu_at(n);
	pfn = check.root_of(table, &level);
	if (!pfn || pfn == cpu->walks || pfn == cpu->holds)
		return;
	root = find_root(pfn);
	if (root && root->watched)
		panic("tlb check: CPU %u reads an entry of root 0x%lx, but is not in a section, "
		      "and has not the lock",
		      n, (unsigned long)pfn);
}

/* Completed changes, and freed frames. */

/* No CPU may be in the guest of root that has not flushed since when. */
static void check_nobody_inside(struct root *root, uint64_t when, const char *what, uint64_t pfn)
{
	raise_to(&root->completed, when);
	for (unsigned n = 0; n < check.ncpus; n++) {
		const struct tag *t = __atomic_load_n(&check.cpus[n].inside, __ATOMIC_SEQ_CST);

		if (t && load(&t->root) == load(&root->pfn) && load(&t->flushed) < when)
			panic("tlb check: %s 0x%lx, but CPU %u is in the guest and may still use "
			      "it: taken away at %lu, its last flush was at %lu",
			      what, (unsigned long)pfn, n, (unsigned long)when,
			      (unsigned long)load(&t->flushed));
	}
}

/* No CPU may be walking root's table since before when. */
static void check_nobody_walks(const struct root *root, uint64_t when, uint64_t pfn)
{
	for (unsigned n = 0; n < check.ncpus; n++) {
		const struct tlbcheck_cpu *cpu = &check.cpus[n];
		uint64_t walks = load(&cpu->walks), since = load(&cpu->since);

		if (walks && walks == load(&root->pfn) && since < when)
			panic("tlb check: given back is frame 0x%lx, but CPU %u has been walking "
			      "the table since %lu and may have found it: taken away at %lu",
			      (unsigned long)pfn, n, (unsigned long)since, (unsigned long)when);
	}
}

void tlbcheck_complete(uint64_t root_pfn)
{
	struct root *root = find_root(root_pfn);

	if (root)
		check_nobody_inside(root, load(&root->taken), "a change is complete in root",
				    root_pfn);
}

void tlbcheck_freed(uint64_t pfn)
{
	uint64_t stamp = pfn < check.nframes ? load(&check.frames[pfn]) : 0;
	struct root *root;

	if (!stamp)
		return;
	if (stamp == REACHABLE)
		panic("tlb check: frame 0x%lx is given back, but can be reached",
		      (unsigned long)pfn);
	root = &check.roots[stamp & (ROOTS - 1)];
	check_nobody_inside(root, stamp >> ROOT_BITS, "given back is frame", pfn);
	check_nobody_walks(root, stamp >> ROOT_BITS, pfn);
	store(&check.frames[pfn], 0);
}
