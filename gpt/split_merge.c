/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing the structure of the tree: reserving table pages, splitting an entry into
 * a table, merging a table into an entry, taking tables out.
 *
 * Split: the new table is filled with the meaning of the old entry and replaces it by
 * a compare-and-swap, because until then hardware may set A or D in a leaf, and other
 * CPUs may map and unmap.
 *
 * Merge: every entry of the table is frozen first. A frozen entry is not present:
 * hardware that would set A or D in it faults instead. So the value that was frozen
 * is final, and no map or unmap can change it any more. Only then the large entry is
 * linked. If an entry differs, all are thawed again.
 *
 * Neither changes the size of a translation and its meaning in the same write.
 */
#include "split_merge.h"

static void push(struct vmm_gpt_node **list, struct vmm_gpt_node *node)
{
	node->next = *list;
	*list = node;
}

static struct vmm_gpt_node *pop(struct vmm_gpt_node **list)
{
	struct vmm_gpt_node *node = *list;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it was counted before */
	*list = node->next;
	return node;
}

static void put_all(struct vmm_gpt *gpt, struct vmm_gpt_node **list)
{
	while (*list)
		gpt->hooks.put_table(gpt->hooks.ctx, pop(list));
}

void vmm_gpt_free_retired(struct vmm_gpt *gpt, struct vmm_gpt_retired *retired)
{
	put_all(gpt, &retired->first);
	retired->count = 0;
}

bool gpt_reserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve, uint64_t count)
{
	while (reserve->count < count) {
		struct vmm_gpt_node *node = gpt->hooks.get_table(gpt->hooks.ctx);

		if (!node) {
			if (!FAULT(GPT_RESERVE))
				gpt_unreserve(gpt, reserve);
			return false;
		}
		push(&reserve->first, node);
		reserve->count++;
	}
	return true;
}

void gpt_unreserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve)
{
	put_all(gpt, &reserve->first);
	reserve->count = 0;
}

struct vmm_gpt_node *gpt_link_new(struct gpt_reserve *reserve, struct vmm_gpt_node *parent,
				  unsigned index)
{
	struct vmm_gpt_node *node = pop(&reserve->first);

	reserve->count--;
	*node = (struct vmm_gpt_node){
		.pfn = node->pfn,
		.gpa = parent->gpa + index * gpt_size(parent->level),
		.parent = parent,
		.level = (uint16_t)(parent->level - 1),
		.index = (uint16_t)index,
	};
	return node;
}

/* Fills a table of this level with the meaning of pte, which is one level up. */
static void fill_split(const struct vmm_gpt *gpt, vmm_gpt_pte_t *table, uint64_t pte,
		       unsigned level)
{
	uint64_t step = pte ? gpt_size(level) : 0;

	if (pte)
		pte = gpt_pte_at_level(gpt->format, pte, level + 1, level);
	if (FAULT(GPT_SPLIT_CLEAN))
		pte = gpt_pte_sans_ad(gpt->format, pte);
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++, pte += step)
		vmm_gpt_pte_store(&table[i], pte);
}

static bool is_one_of(const struct vmm_gpt *gpt, uint64_t pte, unsigned level, unsigned which)
{
	if (!pte)
		return which & GPT_SPLIT_EMPTY;
	return (which & GPT_SPLIT_LEAF) && gpt_pte_is_leaf(gpt->format, pte, level);
}

void gpt_split_entry(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level, unsigned which,
		     struct gpt_reserve *reserve, struct vmm_gpt_result *result)
{
	struct vmm_gpt_node *parent = gpt_node_around(gpt, ptep);
	unsigned index = (unsigned)(ptep - gpt_table(gpt, parent->pfn));
	struct vmm_gpt_node *child = gpt_link_new(reserve, parent, index);
	uint64_t pte = vmm_gpt_pte_load(ptep);

	child->in_use = VMM_GPT_ENTRIES;
	do {
		if (!is_one_of(gpt, pte, level, which)) {
			push(&reserve->first, child);
			reserve->count++;
			return;
		}
		if (!FAULT(GPT_LINK_FIRST))
			fill_split(gpt, gpt_table(gpt, child->pfn), pte, level - 1);
	} while (!vmm_gpt_pte_cas(ptep, &pte, vpeo_map_table(gpt->format, child->pfn)));
	if (FAULT(GPT_LINK_FIRST))
		fill_split(gpt, gpt_table(gpt, child->pfn), pte, level - 1);
	gpt->tables++;
	result->entry++;
	result->changed = true;
	if (pte)
		result->flush = VMM_GPT_FLUSH_REQUIRED;
}

struct vmm_gpt_result vmm_gpt_split(struct vmm_gpt *gpt, uint64_t gpa, unsigned level)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };
	struct gpt_reserve reserve = { 0 };
	vmm_gpt_pte_t *ptep;
	unsigned found;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (level < 1 || level > VMM_GPT_LEVELS)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	ptep = vmm_gpt_lookup(gpt, gpa, &found);
	if (!ptep)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	if (found > level && !gpt_reserve(gpt, &reserve, found - level))
		return gpt_error(VMM_GPT_NO_MEMORY);
	for (; found > level; ptep = gpt_find(gpt, gpa, &found))
		gpt_split_entry(gpt, ptep, found, GPT_SPLIT_LEAF | GPT_SPLIT_EMPTY, &reserve,
				&result);
	gpt_unreserve(gpt, &reserve);
	result.level = (uint8_t)found;
	return result;
}

static void thaw(vmm_gpt_pte_t *table, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		vmm_gpt_pte_exchange(&table[i], gpt_pte_thaw(vmm_gpt_pte_load(&table[i])));
}

/*
 * Freezes the entries of a table if they are first, first + step, and so on. True: all
 * are frozen, and *ad has the A and D bits that any of them had. False: none is frozen,
 * and *found is the first that differs.
 */
static bool freeze_run(const struct vmm_gpt *gpt, vmm_gpt_pte_t *table, uint64_t first,
		       uint64_t step, uint64_t *ad, uint64_t *found)
{
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++, first += step) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);

		do {
			if (gpt_pte_sans_ad(gpt->format, pte) != first) {
				thaw(table, i);
				*found = pte;
				return false;
			}
		} while (!FAULT(GPT_MERGE_HOT) &&
			 !vmm_gpt_pte_cas(&table[i], &pte, gpt_pte_freeze(pte)));
		if (!FAULT(GPT_MERGE))
			*ad |= pte & (gpt->format->accessed | gpt->format->dirty);
	}
	return true;
}

/* The error for an entry that differs from the others of its table. */
static struct vmm_gpt_result misfit(const struct vmm_gpt *gpt, uint64_t pte, unsigned level)
{
	if (pte == VMM_GPT_VACANT)
		return gpt_fail_at(VMM_GPT_NOT_POPULATED, level, pte);
	if (level > 1 && gpt_pte_is_table(gpt->format, pte))
		return gpt_fail_at(VMM_GPT_WRONG_SIZE, level - 1, pte);
	return gpt_fail_at(VMM_GPT_CONFLICT, level, pte);
}

/* Whether a leaf of this level can be the first part of a larger one. */
static bool can_grow(const struct vmm_gpt *gpt, uint64_t pte, unsigned level)
{
	uint64_t pages = gpt_size(level + 1) >> VMM_GPT_PAGE_SHIFT;

	return gpt_has_leaf(gpt, level + 1, vpeo_pte_prot(gpt->format, pte)) &&
	       !(vpeo_pte_pfn(gpt->format, pte, level) & (pages - 1));
}

struct vmm_gpt_result gpt_merge_entry(struct vmm_gpt *gpt, struct vmm_gpt_node *node,
				      unsigned index, struct vmm_gpt_retired *retired)
{
	vmm_gpt_pte_t *ptep = gpt_table(gpt, node->pfn) + index;
	struct vmm_gpt_node *child =
		gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, vmm_gpt_pte_load(ptep), 1));
	vmm_gpt_pte_t *table = gpt_table(gpt, child->pfn);
	uint64_t first = gpt_pte_sans_ad(gpt->format, vmm_gpt_pte_load(&table[0]));
	uint64_t ad = 0, found;

	if (first && !gpt_pte_is_leaf(gpt->format, first, child->level))
		return misfit(gpt, first, child->level);
	if (first ? !can_grow(gpt, first, child->level) : !gpt_has_leaf(gpt, node->level, 0))
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	if (!freeze_run(gpt, table, first, first ? gpt_size(child->level) : 0, &ad, &found))
		return misfit(gpt, found, child->level);
	if (first)
		first = gpt_pte_at_level(gpt->format, first, child->level, node->level) | ad;
	vmm_gpt_pte_exchange(ptep, first);
	push(&retired->first, child);
	retired->count++;
	gpt->tables--;
	return (struct vmm_gpt_result){ .flush = VMM_GPT_FLUSH_REQUIRED,
					.level = (uint8_t)node->level,
					.changed = true,
					.entry = first };
}

struct vmm_gpt_result vmm_gpt_merge(struct vmm_gpt *gpt, uint64_t gpa, unsigned level,
				    struct vmm_gpt_retired *retired)
{
	unsigned found;
	vmm_gpt_pte_t *ptep;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (level < 2 || level > VMM_GPT_LEVELS || !gpt_has_leaf(gpt, level, 0))
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	ptep = gpt_find(gpt, gpa, &found);
	if (found >= level) {
		uint64_t pte = vmm_gpt_pte_load(ptep);

		return gpt_fail_at(pte == VMM_GPT_VACANT ? VMM_GPT_NOT_POPULATED : VMM_GPT_OK,
				   found, pte);
	}

	struct vmm_gpt_node *node = gpt_node_around(gpt, ptep);

	while (node->level < level)
		node = node->parent;
	return gpt_merge_entry(gpt, node, gpt_index(gpa, level), retired);
}

/*
 * Finds the entry across an edge of a range, if it is to be split there. Returns its
 * level, or 0.
 */
static unsigned split_edge_level(const struct vmm_gpt *gpt, uint64_t edge, unsigned which,
				 vmm_gpt_pte_t **ptep)
{
	unsigned level;

	if (edge >= VMM_GPT_GPA_END)
		return 0;
	*ptep = gpt_find(gpt, edge, &level);
	if (!(edge & (gpt_size(level) - 1)))
		return 0;

	uint64_t pte = vmm_gpt_pte_load(*ptep);

	return is_one_of(gpt, pte, level, which) ? level : 0;
}

/* The number of splits of an entry of this level until edge is a boundary of entries. */
static unsigned split_edge_depth(uint64_t edge, unsigned level)
{
	unsigned depth = 0;

	for (; level > 1 && (edge & (gpt_size(level) - 1)); level--)
		depth++;
	return depth;
}

/* The number of splits for both edges. Where both are in one entry, one split serves both. */
static unsigned split_edge_tables(const struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				  unsigned which)
{
	vmm_gpt_pte_t *at_start, *at_end;
	unsigned first = split_edge_level(gpt, start, which, &at_start);
	unsigned last = split_edge_level(gpt, end, which, &at_end);
	unsigned tables = (first ? split_edge_depth(start, first) : 0) +
			  (last ? split_edge_depth(end, last) : 0);

	if (!first || !last || at_start != at_end)
		return tables;
	for (unsigned l = first; l > 1; l--) {
		uint64_t size = gpt_size(l);

		if (start / size != end / size || !(start & (size - 1)))
			break;
		tables--;
	}
	return tables;
}

static void split_edge(struct vmm_gpt *gpt, uint64_t edge, unsigned which,
		       struct gpt_reserve *reserve, struct vmm_gpt_result *result)
{
	vmm_gpt_pte_t *ptep;
	unsigned level;

	while (reserve->count && (level = split_edge_level(gpt, edge, which, &ptep)))
		gpt_split_entry(gpt, ptep, level, which, reserve, result);
}

struct vmm_gpt_result gpt_split_edges(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				      unsigned which)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };
	struct gpt_reserve reserve = { 0 };

	/* Others may map larger entries meanwhile: repeat until none extends beyond the range. */
	for (unsigned tables; (tables = split_edge_tables(gpt, start, end, which));) {
		if (!gpt_reserve(gpt, &reserve, tables)) {
			result.error = VMM_GPT_NO_MEMORY;
			break;
		}
		split_edge(gpt, start, which, &reserve, &result);
		split_edge(gpt, end, which, &reserve, &result);
	}
	gpt_unreserve(gpt, &reserve);
	return result;
}

void gpt_unlink(struct vmm_gpt *gpt, struct vmm_gpt_node *node, struct vmm_gpt_retired *retired)
{
	while (!node->in_use && node->parent) {
		struct vmm_gpt_node *parent = node->parent;

		/* Exchanged, not stored: hardware may be setting A in this entry. */
		vmm_gpt_pte_exchange(gpt_table(gpt, parent->pfn) + node->index, VMM_GPT_VACANT);
		parent->in_use--;
		push(&retired->first, node);
		retired->count++;
		gpt->tables--;
		node = parent;
	}
}
