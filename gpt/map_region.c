/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping a run of contiguous pages with the largest possible leaves.
 *
 * All obstacles are looked for, and the tables for splits are allocated, before
 * anything is changed. After that only another CPU's map or unmap can interfere;
 * such entries are examined again.
 */
#include "split_merge.h"

/* A run of pages to map. */
struct run {
	uint64_t start;
	uint64_t last; /* gpa of the last page */
	uint64_t pfn;
	unsigned prot, type, max_level;
	struct vmm_gpt_retired *retired;
	struct gpt_reserve reserve;
	struct vmm_gpt_result result;
};

static inline uint64_t run_pfn(const struct run *run, uint64_t gpa)
{
	return run->pfn + (gpa >> VMM_GPT_PAGE_SHIFT) - (run->start >> VMM_GPT_PAGE_SHIFT);
}

/* Whether one leaf of this level at gpa can be part of the run. */
static bool fits(const struct vmm_gpt *gpt, const struct run *run, uint64_t gpa, unsigned level)
{
	uint64_t size = gpt_size(level);

	return level == 1 || (level <= run->max_level && gpt_has_leaf(gpt, level, run->prot) &&
			      gpa >= run->start && gpa + size - VMM_GPT_PAGE_SIZE <= run->last &&
			      !(run_pfn(run, gpa) & ((size >> VMM_GPT_PAGE_SHIFT) - 1)));
}

/* Whether a leaf of this level at gpa already maps what the run would map. */
static bool same_mapping(const struct vmm_gpt *gpt, const struct run *run, uint64_t gpa,
			 unsigned level, uint64_t pte)
{
	struct vmm_gpt_leaf leaf;

	gpt_decode(gpt, pte, level, &leaf);
	return leaf.pfn == run_pfn(run, gpa) && leaf.prot == run->prot && leaf.type == run->type;
}

/* Whether the run can skip an entry that is neither empty nor a table. */
static struct vmm_gpt_result check_existing(const struct vmm_gpt *gpt, const struct run *run,
					    uint64_t gpa, unsigned level, uint64_t pte)
{
	if (pte == VMM_GPT_VACANT)
		return gpt_fail_at(VMM_GPT_NOT_POPULATED, level, pte);
	if (!same_mapping(gpt, run, gpa, level, pte))
		return gpt_fail_at(VMM_GPT_CONFLICT, level, pte);
	return gpt_error(VMM_GPT_OK);
}

/*
 * The number of tables needed below an empty entry that is too large for the run.
 * from..last is the part of the run inside the entry.
 */
static uint64_t plan_empty(const struct vmm_gpt *gpt, const struct run *run, unsigned level,
			   uint64_t from, uint64_t last)
{
	uint64_t tables = 1;
	uint64_t size = gpt_size(level - 1);

	for (uint64_t at = from & ~(size - 1); level > 2 && at <= last; at += size)
		if (!fits(gpt, run, at, level - 1))
			tables += plan_empty(gpt, run, level - 1, gpt_max(from, at),
					     gpt_min(last, at + size - VMM_GPT_PAGE_SIZE));
	return tables;
}

/*
 * Looks for obstacles and counts the tables that are missing. Each step covers the
 * slots of one lowest table or one larger entry.
 */
static struct vmm_gpt_result plan(const struct vmm_gpt *gpt, const struct run *run,
				  uint64_t *tables)
{
	uint64_t end = run->last + VMM_GPT_PAGE_SIZE, next;
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };

	*tables = 0;
	for (uint64_t gpa = run->start; gpa < end && !result.error; gpa = next) {
		unsigned level;
		vmm_gpt_pte_t *ptep = gpt_find(gpt, gpa, &level);
		uint64_t size = gpt_size(level == 1 ? 2 : level);
		uint64_t base = gpa & ~(gpt_size(level) - 1);

		next = gpt_min((gpa & ~(size - 1)) + size, end);
		for (uint64_t at = base; at < next && !result.error; at += gpt_size(level)) {
			uint64_t pte = vmm_gpt_pte_load(ptep++);

			if (!pte && level == 1)
				continue;
			if (pte)
				result = check_existing(gpt, run, at, level, pte);
			else if (!fits(gpt, run, at, level))
				*tables +=
					plan_empty(gpt, run, level, gpa, next - VMM_GPT_PAGE_SIZE);
		}
	}
	return result;
}

static void map_table(struct vmm_gpt *gpt, struct run *run, struct vmm_gpt_node *node);

/* Merges a table of empty entries into one empty entry, where a large leaf would fit. */
static bool merge_empty_table(struct vmm_gpt *gpt, struct run *run, struct vmm_gpt_node *node,
			      unsigned index, struct vmm_gpt_node *child)
{
	vmm_gpt_pte_t *table = gpt_table(gpt, child->pfn);
	struct vmm_gpt_result merged;

	if (!run->retired || child->in_use < VMM_GPT_ENTRIES ||
	    !fits(gpt, run, child->gpa, node->level))
		return false;
	for (unsigned i = 0; child->level > 1 && i < VMM_GPT_ENTRIES; i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);

		if (pte &&
		    (!gpt_pte_is_table(gpt->format, pte) ||
		     !merge_empty_table(gpt, run, child, i,
					gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1)))))
			return false;
	}
	if (vmm_gpt_pte_load(table))
		return false;
	merged = gpt_merge_entry(gpt, node, index, run->retired);
	if (merged.changed) {
		run->result.flush = merged.flush;
		run->result.changed = true;
	}
	return merged.changed;
}

static bool map_leaf(struct vmm_gpt *gpt, struct run *run, vmm_gpt_pte_t *ptep, uint64_t gpa,
		     unsigned level)
{
	uint64_t empty = 0;

	if (!vmm_gpt_pte_cas(ptep, &empty,
			     vpeo_map_page(gpt->format, &gpt->caps, level, run_pfn(run, gpa),
					   run->prot, run->type)))
		return false;
	run->result.changed = true;
	run->result.entry++;
	return true;
}

static void split_empty(struct vmm_gpt *gpt, struct run *run, vmm_gpt_pte_t *ptep, unsigned level)
{
	struct vmm_gpt_result split = { .error = VMM_GPT_OK };

	if (!run->reserve.count) {
		run->result.error = VMM_GPT_RETRY;
		return;
	}
	gpt_split_entry(gpt, ptep, level, GPT_SPLIT_EMPTY, &run->reserve, &split);
	run->result.changed |= split.changed; /* only additions: no flush */
}

/* Maps the part of the run that entry index of node covers. */
static void map_entry(struct vmm_gpt *gpt, struct run *run, struct vmm_gpt_node *node,
		      unsigned index)
{
	vmm_gpt_pte_t *ptep = gpt_table(gpt, node->pfn) + index;
	uint64_t gpa = node->gpa + index * gpt_size(node->level);

	/* Repeat after a split, or if another CPU changed the entry. */
	while (!run->result.error) {
		uint64_t pte = vmm_gpt_pte_load(ptep);

		if (node->level > 1 && gpt_pte_is_table(gpt->format, pte)) {
			struct vmm_gpt_node *child =
				gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1));

			if (merge_empty_table(gpt, run, node, index, child))
				continue;
			map_table(gpt, run, child);
			return;
		}
		if (pte) {
			struct vmm_gpt_result met = check_existing(gpt, run, gpa, node->level, pte);

			if (met.error) {
				run->result.error = met.error;
				run->result.level = met.level;
				run->result.entry = met.entry;
			}
			return;
		}
		if (!fits(gpt, run, gpa, node->level))
			split_empty(gpt, run, ptep, node->level);
		else if (map_leaf(gpt, run, ptep, gpa, node->level))
			return;
	}
}

/*
 * Maps the slots from first on while they are empty. Returns the first that is not,
 * or end. The common part of the leaves is encoded once.
 */
static unsigned map_slots(const struct vmm_gpt *gpt, struct run *run,
			  const struct vmm_gpt_node *node, unsigned first, unsigned end)
{
	vmm_gpt_pte_t *slots = gpt_table(gpt, node->pfn);
	uint64_t leaf =
		vpeo_map_page(gpt->format, &gpt->caps, 1,
			      run_pfn(run, node->gpa + first * gpt_size(1)), run->prot, run->type);
	unsigned i = first;

	for (uint64_t empty = 0; i < end && vmm_gpt_pte_cas(&slots[i], &empty, leaf); i++)
		leaf += VMM_GPT_PAGE_SIZE;
	run->result.changed |= i > first;
	run->result.entry += i - first;
	return i;
}

/* Maps the part of the run that this table covers. */
static void map_table(struct vmm_gpt *gpt, struct run *run, struct vmm_gpt_node *node)
{
	uint64_t size = gpt_size(node->level);
	uint64_t from = gpt_max(run->start, node->gpa);
	uint64_t last = gpt_min(run->last, node->gpa + VMM_GPT_ENTRIES * size - VMM_GPT_PAGE_SIZE);
	unsigned end = gpt_index(last, node->level) + 1;

	for (unsigned i = gpt_index(from, node->level); i < end && !run->result.error; i++) {
		if (node->level == 1)
			i = map_slots(gpt, run, node, i, end);
		if (i < end)
			map_entry(gpt, run, node, i);
	}
}

static struct vmm_gpt_result check_run(const struct vmm_gpt *gpt, const struct run *run)
{
	uint64_t pages = ((run->last - run->start) >> VMM_GPT_PAGE_SHIFT) + 1;
	uint64_t last_pfn = run->pfn + pages - 1;

	if (run->max_level < 1 || last_pfn < run->pfn ||
	    vpeo_map_page(gpt->format, &gpt->caps, 1, run->pfn, run->prot, run->type) ==
		    VMM_GPT_NO_ENCODING ||
	    vpeo_map_page(gpt->format, &gpt->caps, 1, last_pfn, run->prot, run->type) ==
		    VMM_GPT_NO_ENCODING)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	return gpt_error(VMM_GPT_OK);
}

struct vmm_gpt_result vmm_gpt_map_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					 uint64_t pfn, unsigned prot, unsigned type,
					 unsigned max_level, struct vmm_gpt_retired *retired)
{
	struct run run = {
		.start = start,
		.last = end - VMM_GPT_PAGE_SIZE,
		.pfn = pfn,
		.prot = prot,
		.type = type,
		.max_level = max_level,
		.retired = retired,
	};
	struct vmm_gpt_result result = gpt_error(gpt_check_range(start, end));
	uint64_t tables;

	if (!result.error)
		result = check_run(gpt, &run);
	while (!result.error) {
		result = plan(gpt, &run, &tables);
		if (!result.error && !gpt_reserve(gpt, &run.reserve, tables))
			result = gpt_error(VMM_GPT_NO_MEMORY);
		if (result.error)
			break;
		map_table(gpt, &run, gpt->root);
		if (run.result.error != VMM_GPT_RETRY)
			break;
		run.result.error = VMM_GPT_OK; /* concurrent unmaps left more to split */
	}
	gpt_unreserve(gpt, &run.reserve);
	if (!result.error)
		return run.result;
	result.changed = run.result.changed;
	result.flush = run.result.flush;
	return result;
}
