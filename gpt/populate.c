/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Populate and vacate. Serialized by the caller's lock.
 *
 * Populate counts the missing tables, allocates all of them, and only then links;
 * from then on nothing can fail. Vacate first checks that nothing is mapped. Then it
 * freezes every empty entry, so that no later map succeeds; if a map came first, it
 * thaws all of them and refuses. Only then does it take tables out, bottom up.
 */
#include "split_merge.h"

/* Ranges are kept by their last page, because the end 2^48 has no index. */
static uint64_t last_page(uint64_t end)
{
	return end - VMM_GPT_PAGE_SIZE;
}

/* Limits [start, last] to what entry i of a table at this level covers. */
static inline void clip(unsigned level, uint64_t gpa, unsigned i, uint64_t *start, uint64_t *last)
{
	unsigned shift = vmm_gpt_level_shift(level);
	uint64_t from = gpa + ((uint64_t)i << shift);
	uint64_t to = last_page(from + (UINT64_C(1) << shift));

	if (*start < from)
		*start = from;
	if (*last > to)
		*last = to;
}

/* The request to populate, and its progress. */
struct populate_req {
	unsigned max_level;
	struct gpt_reserve reserve;
	bool changed;
};

/* Whether one entry of this level may populate all that it covers. */
static inline bool may_be_large(const struct vmm_gpt *gpt, const struct populate_req *req,
				unsigned level)
{
	return level <= req->max_level && gpt_has_leaf(gpt, level, 0);
}

/*
 * The number of tables needed below vacant entries of this level for [start, last].
 * At levels whose entries may be large, only the partial ones at the edges need one.
 */
static uint64_t tables_for(const struct vmm_gpt *gpt, const struct populate_req *req,
			   unsigned level, uint64_t start, uint64_t last)
{
	uint64_t tables = 0;

	for (unsigned l = 2; l <= level; l++) {
		uint64_t size = gpt_size(l);
		uint64_t entries = last / size - start / size + 1;

		if (may_be_large(gpt, req, l)) {
			bool head = start & (size - 1);
			bool tail = (last + VMM_GPT_PAGE_SIZE) & (size - 1);

			entries = (uint64_t)head + tail - (head && tail && entries == 1);
		}
		tables += entries;
	}
	return tables;
}

/* The number missing for [start, last] in a table of level 2 or above that begins at gpa. */
static uint64_t missing_in(const struct vmm_gpt *gpt, const struct populate_req *req,
			   const vmm_gpt_pte_t *table, unsigned level, uint64_t gpa, uint64_t start,
			   uint64_t last)
{
	uint64_t missing = 0;

	for (unsigned i = gpt_index(start, level); i <= gpt_index(last, level); i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);
		uint64_t from = start;
		uint64_t to = last;

		clip(level, gpa, i, &from, &to);
		if (pte == VMM_GPT_VACANT)
			missing += tables_for(gpt, req, level, from, to);
		else if (level > 2 && gpt_pte_is_table(gpt->format, pte))
			missing += missing_in(gpt, req,
					      gpt_table(gpt, vpeo_pte_pfn(gpt->format, pte, 1)),
					      level - 1, gpa + i * gpt_size(level), from, to);
	}
	return missing;
}

/* Populates slots of a table that is not linked yet; its page is zeroed. */
static void populate_new(struct vmm_gpt *gpt, struct vmm_gpt_node *node, uint64_t start,
			 uint64_t last)
{
	vmm_gpt_pte_t *slots = gpt_table(gpt, node->pfn);
	unsigned first = gpt_index(start, 1);
	unsigned end = gpt_index(last, 1) + 1;

	for (unsigned i = 0; i < first; i++)
		vmm_gpt_pte_store(&slots[i], VMM_GPT_VACANT);
	for (unsigned i = end; i < VMM_GPT_ENTRIES; i++)
		vmm_gpt_pte_store(&slots[i], VMM_GPT_VACANT);
	node->in_use = (uint16_t)(end - first);
}

/* Populates slots of a linked table. True if any was vacant. */
static bool populate_linked(struct vmm_gpt *gpt, struct vmm_gpt_node *node, uint64_t start,
			    uint64_t last)
{
	vmm_gpt_pte_t *slots = gpt_table(gpt, node->pfn);
	unsigned added = 0;

	if (node->in_use == VMM_GPT_ENTRIES)
		return false;
	for (unsigned i = gpt_index(start, 1); i <= gpt_index(last, 1); i++) {
		uint64_t old = VMM_GPT_VACANT;

		if (vmm_gpt_pte_load(&slots[i]) == VMM_GPT_VACANT &&
		    vmm_gpt_pte_cas(&slots[i], &old, 0))
			added++;
	}
	if (FAULT(GPT_COUNT))
		node->in_use++;
	node->in_use = (uint16_t)(node->in_use + added);
	return added;
}

static void populate_in(struct vmm_gpt *gpt, struct populate_req *req, struct vmm_gpt_node *node,
			uint64_t start, uint64_t last);

/* Makes a table for a vacant entry, complete with all below it, and populates [start, last]. */
static uint64_t new_table(struct vmm_gpt *gpt, struct populate_req *req, struct vmm_gpt_node *node,
			  unsigned index, uint64_t start, uint64_t last)
{
	struct vmm_gpt_node *child = gpt_link_new(&req->reserve, node, index);
	vmm_gpt_pte_t *table = gpt_table(gpt, child->pfn);

	gpt->tables++;
	if (child->level == 1) {
		populate_new(gpt, child, start, last);
	} else {
		for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++)
			vmm_gpt_pte_store(&table[i], VMM_GPT_VACANT);
		populate_in(gpt, req, child, start, last);
	}
	return vpeo_map_table(gpt->format, child->pfn);
}

/* Populates [start, last] in a table of level 2 or above, using the reserve. */
static void populate_in(struct vmm_gpt *gpt, struct populate_req *req, struct vmm_gpt_node *node,
			uint64_t start, uint64_t last)
{
	vmm_gpt_pte_t *table = gpt_table(gpt, node->pfn);

	for (unsigned i = gpt_index(start, node->level); i <= gpt_index(last, node->level); i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);
		uint64_t from = start;
		uint64_t to = last;

		clip(node->level, node->gpa, i, &from, &to);
		if (pte == VMM_GPT_VACANT) {
			bool all = to - from == last_page(gpt_size(node->level));

			pte = all && may_be_large(gpt, req, node->level) ?
				      0 :
				      new_table(gpt, req, node, i, from, to);
			vmm_gpt_pte_exchange(&table[i], pte);
			node->in_use++;
			req->changed = true;
		} else if (gpt_pte_is_table(gpt->format, pte)) {
			struct vmm_gpt_node *child =
				gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1));

			if (child->level > 1)
				populate_in(gpt, req, child, from, to);
			else
				req->changed |= populate_linked(gpt, child, from, to);
		}
	}
}

struct vmm_gpt_result vmm_gpt_populate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					      unsigned max_level)
{
	struct vmm_gpt_result result = { .error = (uint8_t)gpt_check_range(start, end) };
	struct populate_req req = { .max_level = max_level };

	if (result.error)
		return result;
	if (!max_level)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	result.entry = missing_in(gpt, &req, gpt_table(gpt, gpt->root->pfn), gpt->root->level, 0,
				  start, last_page(end));
	if (!gpt_reserve(gpt, &req.reserve, result.entry))
		return gpt_error(VMM_GPT_NO_MEMORY);
	populate_in(gpt, &req, gpt->root, start, last_page(end));
	result.changed = req.changed;
	return result;
}

/* Whether anything in a span is mapped; *found is the first such entry. */
static bool any_present(const struct vmm_gpt *gpt, const struct gpt_span *span, uint64_t *found)
{
	const vmm_gpt_pte_t *at = span->slots;
	const vmm_gpt_pte_t *end = at + span->count;

	/* Usually nothing is: test eight at a time. */
	for (; end - at >= 8; at += 8) {
		uint64_t any = vmm_gpt_pte_load(&at[0]) | vmm_gpt_pte_load(&at[1]) |
			       vmm_gpt_pte_load(&at[2]) | vmm_gpt_pte_load(&at[3]) |
			       vmm_gpt_pte_load(&at[4]) | vmm_gpt_pte_load(&at[5]) |
			       vmm_gpt_pte_load(&at[6]) | vmm_gpt_pte_load(&at[7]);

		if (vpeo_pte_is_present(gpt->format, any))
			break;
	}
	for (; at < end; at++) {
		*found = vmm_gpt_pte_load(at);
		if (vpeo_pte_is_present(gpt->format, *found))
			return true;
	}
	return false;
}

/*
 * Freezes the empty slots of a span. False if a page was mapped meanwhile; *found is
 * its entry.
 */
static bool freeze(const struct gpt_span *span, uint64_t *found)
{
	for (unsigned i = 0; i < span->count; i++) {
		uint64_t old = 0;

		vmm_gpt_pte_cas(&span->slots[i], &old, VMM_GPT_FROZEN);
		/* Nonzero outside these bits: neither empty nor vacant, so it was mapped. */
		if (old & ~VMM_GPT_FROZEN) {
			*found = old;
			return false;
		}
	}
	return true;
}

/* Replaces the frozen entries of a span by pte; returns how many. */
static unsigned settle(const struct gpt_span *span, uint64_t pte)
{
	unsigned settled = 0;

	for (unsigned i = 0; i < span->count; i++) {
		uint64_t old = VMM_GPT_FROZEN;

		if (vmm_gpt_pte_load(&span->slots[i]) == VMM_GPT_FROZEN &&
		    vmm_gpt_pte_cas(&span->slots[i], &old, pte))
			settled++;
	}
	return settled;
}

/* Checks, splits at the edges, and freezes. On an error nothing is frozen or vacated. */
static struct vmm_gpt_result freeze_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result result = { .error = (uint8_t)gpt_check_range(start, end) };
	struct gpt_span span;
	uint64_t found;

	if (result.error)
		return result;
	for (uint64_t gpa = start; gpt_next_span(gpt, &gpa, end, &span);)
		if (any_present(gpt, &span, &found))
			return gpt_fail_at(VMM_GPT_STILL_MAPPED, span.level, found);
	result = gpt_split_edges(gpt, start, end, GPT_SPLIT_LEAF | GPT_SPLIT_EMPTY);
	for (uint64_t gpa = start; !result.error && gpt_next_span(gpt, &gpa, end, &span);) {
		if (freeze(&span, &found))
			continue;
		result.error = VMM_GPT_STILL_MAPPED;
		result.level = (uint8_t)span.level;
		result.entry = found;
		for (uint64_t thaw = start; gpt_next_span(gpt, &thaw, gpa, &span);)
			settle(&span, 0);
	}
	return result;
}

struct vmm_gpt_result vmm_gpt_vacate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					    struct vmm_gpt_retired *retired)
{
	struct vmm_gpt_result result = freeze_region(gpt, start, end);
	uint64_t before = retired->count;
	uint64_t gpa = start;
	struct gpt_span span;

	if (result.error)
		return result;
	while (gpt_next_span(gpt, &gpa, end, &span)) {
		struct vmm_gpt_node *node = gpt_node_around(gpt, span.slots);
		unsigned gone = node->in_use;

		/* A whole table stays frozen: a CPU that still holds a pointer to it retries. */
		if (span.count < VMM_GPT_ENTRIES)
			gone = settle(&span, VMM_GPT_VACANT);
		node->in_use = (uint16_t)(node->in_use - gone);
		result.changed |= gone > 0;
		gpt_unlink(gpt, node, retired);
	}
	if (retired->count > before)
		result.flush = VMM_GPT_FLUSH_REQUIRED;
	result.entry = 0;
	return result;
}
