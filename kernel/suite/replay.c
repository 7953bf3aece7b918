/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/replay.h"

#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/string.h"

enum { CAPACITY = 8192, LEVELS = 3, TABLE = 8 };

/*
 * A hash set of leaves and tables (.level | TABLE; .gpa: of the first entry). A removed
 * item keeps its slot, with level 0.
 */
static struct {
	struct replay_leaf items[CAPACITY];
	unsigned used;
	uint64_t runs;
	const struct guest *guest;
	struct replay_machine machine;
	struct replay *out;
} set;

static uint64_t base_of(uint64_t gpa, unsigned level)
{
	return gpa & ~(aspace_leaf_size(level) - 1);
}

static struct replay_leaf *find(uint64_t gpa, unsigned level)
{
	uint64_t hash = (gpa >> PAGE_SHIFT ^ level) * UINT64_C(0x9e3779b97f4a7c15);
	struct replay_leaf *item;

	for (unsigned i = (unsigned)(hash >> 51);; i++) {
		item = &set.items[i % CAPACITY];
		if ((item->gpa == gpa && item->level == level) || (!item->level && !item->run))
			return item;
	}
}

static struct replay_leaf *get(uint64_t gpa, unsigned level)
{
	struct replay_leaf *item = find(gpa, level);

	return item->level ? item : NULL;
}

static struct replay_leaf *add(uint64_t gpa, unsigned level)
{
	struct replay_leaf *item = find(gpa, level);

	ASSERT(++set.used < CAPACITY);
	*item = (struct replay_leaf){ .gpa = gpa, .level = (uint8_t)level, .run = ++set.runs };
	return item;
}

static void drop(struct replay_leaf *item)
{
	item->level = 0;
}

/* The base of the table with the entry of this level for gpa. */
static uint64_t table_base(uint64_t gpa, unsigned level)
{
	return base_of(gpa, level + 1);
}

static bool has_table(uint64_t gpa, unsigned level)
{
	return get(table_base(gpa, level), level | TABLE);
}

static void add_table(uint64_t gpa, unsigned level)
{
	add(table_base(gpa, level), level | TABLE);
	set.out->counts.tables++;
}

static struct replay_leaf *leaf_at(uint64_t gpa)
{
	struct replay_leaf *leaf = NULL;

	for (unsigned level = 1; level <= LEVELS && !leaf; level++)
		leaf = get(base_of(gpa, level), level);
	return leaf;
}

static const struct region *region_at(uint64_t gpa)
{
	const struct region *r = set.guest->regions;

	for (unsigned i = 0; i < GUEST_REGIONS_MAX; i++)
		if (gpa - r[i].start < r[i].size)
			return &r[i];
	return NULL;
}

/* Allocates a leaf of this level and the tables that it needs. False: not enough memory. */
static bool take(uint64_t gpa, unsigned level)
{
	uint64_t pages = UINT64_C(1) << aspace_leaf_order(level);
	uint64_t tables = 0;

	if (level > 1 && !set.machine.blocks[level])
		return false;
	for (unsigned l = level; l <= LEVELS; l++)
		tables += !has_table(gpa, l);
	if (set.machine.pages < pages + tables)
		return false;
	if (set.machine.pages != UINT64_MAX)
		set.machine.pages -= pages + tables;
	if (level == 3)
		set.machine.blocks[2] -= VMM_GPT_ENTRIES;
	if (level > 1)
		set.machine.blocks[level]--;
	for (unsigned l = level; l <= LEVELS; l++)
		if (!has_table(gpa, l))
			add_table(gpa, l);
	return true;
}

/* Grants all rights that the leaf can have. */
static void give_rights(const struct region *region, struct replay_leaf *leaf)
{
	unsigned prot = region_leaf_prot(region, leaf->level, set.machine.small_exec);

	leaf->writable = prot & VMM_GPT_WRITE;
	leaf->executable = prot & VMM_GPT_EXEC;
}

/* Maps the leaf for a fault at gpa. NULL: no memory, even for 4 KiB. */
static struct replay_leaf *place(const struct region *region, unsigned what, uint64_t gpa)
{
	bool small = what == STEP_EXEC && set.machine.small_exec;
	unsigned level = small ? 1 : region_leaf(region, gpa, set.machine.max_level);
	struct replay_leaf *leaf;

	while (level > 1 && has_table(gpa, level - 1)) /* a table is in its place */
		level--;
	while (!take(gpa, level)) {
		if (level == 1)
			return NULL;
		level--;
		set.out->counts.smaller++;
	}
	leaf = add(base_of(gpa, level), level);
	give_rights(region, leaf);
	set.out->counts.pages += UINT64_C(1) << aspace_leaf_order(level);
	return leaf;
}

static unsigned wants(unsigned what)
{
	return what == STEP_EXEC ? VMM_GPT_EXEC :
	       what == STEP_READ ? VMM_GPT_READ :
				   VMM_GPT_READ | VMM_GPT_WRITE;
}

static void count_fault(unsigned what)
{
	struct aspace_counts *c = &set.out->counts;

	*(what == STEP_EXEC  ? &c->exec :
	  what == STEP_READ  ? &c->read :
	  what == STEP_WRITE ? &c->write :
			       &c->walk) += 1;
}

static void split(uint64_t gpa, unsigned to);

/* A fault on a leaf that lacks the right: grants all rights; splits it first if small_exec. */
static struct replay_leaf *grant(const struct region *region, unsigned what, uint64_t gpa)
{
	struct replay_leaf *leaf;

	count_fault(what);
	if (what == STEP_EXEC && set.machine.small_exec)
		split(gpa, 1);
	set.out->counts.granted++;
	leaf = leaf_at(gpa);
	give_rights(region, leaf);
	return leaf;
}

/* False: the access ends the guest. */
static bool touch(unsigned what, uint64_t gpa)
{
	const struct region *region = region_at(gpa);
	bool writes = wants(what) & VMM_GPT_WRITE;
	struct replay_leaf *leaf = leaf_at(gpa);

	if (!region || wants(what) & ~region_prot(region)) {
		count_fault(what);
		return false;
	}
	if (!leaf) {
		count_fault(what);
		leaf = place(region, what, gpa);
		if (!leaf) {
			set.out->end_gpa = gpa;
			return false;
		}
	} else if ((writes && !leaf->writable) || (what == STEP_EXEC && !leaf->executable)) {
		leaf = grant(region, what, gpa);
	}
	leaf->any_ad |= what == STEP_PDPTES;
	leaf->accessed = true;
	leaf->dirty |= writes;
	return true;
}

/* HC_MEMORY. */

static void split(uint64_t gpa, unsigned to)
{
	struct replay_leaf *leaf = leaf_at(gpa);

	while (leaf && leaf->level > to) {
		struct replay_leaf old = *leaf;
		unsigned level = old.level - 1u;

		drop(leaf);
		add_table(gpa, level);
		set.out->counts.splits++;
		for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++) {
			struct replay_leaf *part =
				add(old.gpa + i * aspace_leaf_size(level), level);
			uint64_t at = part->gpa;

			*part = old;
			part->gpa = at;
			part->level = (uint8_t)level;
		}
		leaf = leaf_at(gpa);
	}
}

static void merge_to(uint64_t gpa, unsigned level)
{
	uint64_t base = base_of(gpa, level), step = aspace_leaf_size(level - 1);
	struct replay_leaf *first = get(base, level - 1), all;

	if (!first)
		return;
	all = *first;
	for (unsigned i = 1; i < VMM_GPT_ENTRIES; i++) {
		const struct replay_leaf *part = get(base + i * step, level - 1);

		if (!part || part->run != all.run || part->writable != all.writable ||
		    part->executable != all.executable)
			return;
		all.accessed |= part->accessed;
		all.dirty |= part->dirty;
		all.any_ad |= part->any_ad;
	}
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++)
		drop(get(base + i * step, level - 1));
	drop(get(base, (level - 1) | TABLE));
	all.level = (uint8_t)level;
	*add(base, level) = all;
	set.out->counts.merges++;
}

static void change_leaf(unsigned op, struct replay_leaf *leaf)
{
	switch (op) {
	case MEMORY_READ_ONLY:
		leaf->writable = false;
		break;
	case MEMORY_UNMAP:
		drop(leaf);
		break;
	case MEMORY_MOVE: /* the new leaf has A and D clear */
		leaf->accessed = leaf->dirty = leaf->any_ad = false;
		leaf->run = ++set.runs;
		set.out->counts.moves++;
		break;
	case MEMORY_CLEAN:
		leaf->accessed = leaf->dirty = leaf->any_ad = false;
		break;
	}
}

/* With small_exec, parts of a large leaf must not be executable either. */
static void take_exec(uint64_t start, uint64_t size)
{
	for (uint64_t gpa = start; gpa < start + size;) {
		struct replay_leaf *leaf = leaf_at(gpa);

		if (leaf)
			leaf->executable = false;
		gpa += leaf ? aspace_leaf_size(leaf->level) : PAGE_SIZE;
	}
}

static void cut(uint64_t edge)
{
	const struct replay_leaf *leaf = leaf_at(edge);

	if (leaf && leaf->gpa != edge)
		split(edge, edge == base_of(edge, 2) ? 2 : 1);
}

/* Does not replay MEMORY_NO_EXEC and MEMORY_VACATE: only guests with several vCPUs use them. */
static void change(unsigned op, uint64_t gpa, uint64_t end)
{
	ASSERT(op < MEMORY_NO_EXEC);
	if (op == MEMORY_SPLIT) {
		split(gpa, 1);
		return;
	}
	if (op == MEMORY_MERGE) {
		for (unsigned level = 2; level <= set.machine.max_level; level++) {
			if (set.machine.small_exec)
				take_exec(base_of(gpa, level), aspace_leaf_size(level));
			merge_to(gpa, level);
		}
		return;
	}
	cut(gpa);
	cut(end);
	while (gpa < end) {
		struct replay_leaf *leaf = leaf_at(gpa);

		gpa += leaf ? aspace_leaf_size(leaf->level) : PAGE_SIZE;
		if (leaf)
			change_leaf(op, leaf);
	}
}

static bool do_step(const struct guest_step *step)
{
	if (step->what >= STEP_MEMORY) {
		change(step->what - STEP_MEMORY, step->gpa, step->gpa + step->count * step->stride);
		return true;
	}
	for (uint64_t i = 0; i < step->count; i++)
		if (!touch(step->what, (step->gpa + i * step->stride) / PAGE_SIZE * PAGE_SIZE))
			return false;
	return true;
}

void replay_guest(const struct guest *guest, const struct replay_machine *machine,
		  struct replay *replay)
{
	const struct guest_step *step = guest->expect.steps;

	memset(&set, 0, sizeof(set));
	memset(replay, 0, sizeof(*replay));
	set.guest = guest;
	set.machine = *machine;
	set.out = replay;
	while (step->what && do_step(step))
		step++;
	for (unsigned i = 0; i < CAPACITY; i++)
		if (set.items[i].level && !(set.items[i].level & TABLE))
			replay->leaves[set.items[i].level]++;
}

const struct replay_leaf *replay_leaf(uint64_t gpa, unsigned level)
{
	return get(gpa, level);
}
