/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which slots exist: populate and vacate, one at a time per table.
 *
 * Populate counts first what is missing, gets all of it, and only then links:
 * from there on nothing can fail. Vacate is the same the other way round: it
 * looks whether anything is mapped, freezes every empty slot so that no late
 * map can get in (what got in before makes it thaw them all and refuse), and
 * only then takes tables out, from the bottom up.
 */
#include "gpt/tree.h"

/* The last page counts, not the end: 2^48 has no index. */
static uint64_t last_page(uint64_t end)
{
	return end - VMM_GPT_PAGE_SIZE;
}

/* The part of [start, last] that entry i of a table at this level covers. */
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

/* How many tables, of this level and below, [start, last] takes if it has none. */
static uint64_t tables_for(unsigned level, uint64_t start, uint64_t last)
{
	uint64_t tables = 0;

	for (unsigned l = 1; l <= level; l++) {
		unsigned shift = vmm_gpt_level_shift(l + 1);

		tables += (last >> shift) - (start >> shift) + 1;
	}
	return tables;
}

/* How many tables are missing for [start, last] below this one, of level 2 or above. */
static uint64_t missing_below(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *table,
			      unsigned level, uint64_t gpa, uint64_t start, uint64_t last)
{
	uint64_t missing = 0;

	for (unsigned i = gpt_index(start, level); i <= gpt_index(last, level); i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);
		bool present = vpeo_pte_is_present(gpt->format, pte);
		uint64_t from = start;
		uint64_t to = last;

		/* A large leaf is as good as a full lowest table. */
		if (present && (level == 2 || !vpeo_pte_is_table(gpt->format, pte)))
			continue;
		clip(level, gpa, i, &from, &to);
		if (!present)
			missing += tables_for(level - 1, from, to);
		else
			missing += missing_below(
				gpt, gpt_table(gpt, vpeo_pte_pfn(gpt->format, pte, 1)), level - 1,
				gpa + ((uint64_t)i << vmm_gpt_level_shift(level)), from, to);
	}
	return missing;
}

static void push(struct vmm_gpt_node **list, struct vmm_gpt_node *node)
{
	node->next = *list;
	*list = node;
}

static struct vmm_gpt_node *pop(struct vmm_gpt_node **list)
{
	struct vmm_gpt_node *node = *list;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): missing_below counted it */
	*list = node->next;
	return node;
}

static void put_all(struct vmm_gpt *gpt, struct vmm_gpt_node **list)
{
	while (*list)
		gpt->hooks.put_table(gpt->hooks.ctx, pop(list));
}

static bool get_all(struct vmm_gpt *gpt, uint64_t count, struct vmm_gpt_node **list)
{
	while (count--) {
		struct vmm_gpt_node *node = gpt->hooks.get_table(gpt->hooks.ctx);

		if (!node) {
			put_all(gpt, list);
			return false;
		}
		push(list, node);
	}
	return true;
}

/* The slots of a table that nobody sees yet; its page is all zeroes. */
static void fill_new(struct vmm_gpt *gpt, struct vmm_gpt_node *node, uint64_t start, uint64_t last)
{
	vmm_gpt_pte_t *slots = gpt_table(gpt, node->pfn);
	unsigned first = gpt_index(start, 1);
	unsigned behind = gpt_index(last, 1) + 1;

	for (unsigned i = 0; i < first; i++)
		vmm_gpt_pte_store(&slots[i], VMM_GPT_VACANT);
	for (unsigned i = behind; i < VMM_GPT_ENTRIES; i++)
		vmm_gpt_pte_store(&slots[i], VMM_GPT_VACANT);
	node->in_use = (uint16_t)(behind - first);
}

/* The slots of a linked table. True if any was vacant. */
static bool fill_old(struct vmm_gpt *gpt, struct vmm_gpt_node *node, uint64_t start, uint64_t last)
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
	node->in_use = (uint16_t)(node->in_use + added);
	return added;
}

static struct vmm_gpt_node *hang(struct vmm_gpt_node *parent, unsigned index,
				 struct vmm_gpt_node *node)
{
	*node = (struct vmm_gpt_node){
		.pfn = node->pfn,
		.gpa = parent->gpa + ((uint64_t)index << vmm_gpt_level_shift(parent->level)),
		.parent = parent,
		.level = (uint16_t)(parent->level - 1),
		.index = (uint16_t)index,
	};
	return node;
}

/*
 * Populates [start, last] below a table of level 2 or above, with new tables
 * from the reserve. Each is complete, with all below it, when it is linked.
 * True if anything changed.
 */
static bool populate_below(struct vmm_gpt *gpt, struct vmm_gpt_node *node, uint64_t start,
			   uint64_t last, struct vmm_gpt_node **reserve)
{
	vmm_gpt_pte_t *table = gpt_table(gpt, node->pfn);
	unsigned added = 0;
	bool changed = false;

	for (unsigned i = gpt_index(start, node->level); i <= gpt_index(last, node->level); i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);
		bool present = vpeo_pte_is_present(gpt->format, pte);
		struct vmm_gpt_node *child;
		uint64_t from = start;
		uint64_t to = last;

		if (present && !vpeo_pte_is_table(gpt->format, pte))
			continue;
		clip(node->level, node->gpa, i, &from, &to);
		child = present ? gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1)) :
				  hang(node, i, pop(reserve));
		if (child->level > 1)
			changed |= populate_below(gpt, child, from, to, reserve);
		else if (present)
			changed |= fill_old(gpt, child, from, to);
		else
			fill_new(gpt, child, from, to);
		if (!present) {
			vmm_gpt_pte_exchange(&table[i], vpeo_map_table(gpt->format, child->pfn));
			added++;
		}
	}
	node->in_use = (uint16_t)(node->in_use + added);
	return changed || added;
}

struct vmm_gpt_result vmm_gpt_populate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result result = { .error = (uint8_t)gpt_check_range(start, end) };
	struct vmm_gpt_node *reserve = NULL;
	struct vmm_gpt_node *root = gpt->root;
	uint64_t missing;

	if (result.error)
		return result;
	missing = missing_below(gpt, gpt_table(gpt, root->pfn), root->level, 0, start,
				last_page(end));
	if (!get_all(gpt, missing, &reserve))
		return gpt_error(VMM_GPT_NO_MEMORY);
	result.did_it = populate_below(gpt, root, start, last_page(end), &reserve);
	result.entry = missing;
	gpt->tables += missing;
	return result;
}

/* Whether an entry of a span is present; *found is the first that is. */
static bool any_present(const struct vmm_gpt *gpt, const struct gpt_span *span, uint64_t *found)
{
	const vmm_gpt_pte_t *at = span->slots;
	const vmm_gpt_pte_t *end = at + span->count;

	/* Nearly always there is none: look at eight at a time. */
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
 * Freezes the empty slots of a span. False if a page was mapped in the
 * meantime: *found is its entry then.
 */
static bool freeze(const struct gpt_span *span, uint64_t *found)
{
	for (unsigned i = 0; i < span->count; i++) {
		uint64_t old = 0;

		vmm_gpt_pte_cas(&span->slots[i], &old, VMM_GPT_FROZEN);
		/* It was empty, or is vacant: nothing else is without these bits. */
		if (old & ~VMM_GPT_FROZEN) {
			*found = old;
			return false;
		}
	}
	return true;
}

/* What is frozen in a span becomes this; how many slots that were. */
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

static struct vmm_gpt_result still_mapped(const struct gpt_span *span, uint64_t entry)
{
	return (struct vmm_gpt_result){ .error = VMM_GPT_STILL_MAPPED,
					.level = (uint8_t)span->level,
					.entry = entry };
}

/* Looks, and freezes. On an error nothing has changed. */
static struct vmm_gpt_result freeze_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result result = { .error = (uint8_t)gpt_check_range(start, end) };
	struct gpt_span span;
	uint64_t found;

	if (result.error)
		return result;
	for (uint64_t gpa = start; gpt_next_span(gpt, &gpa, end, &span);)
		if (any_present(gpt, &span, &found))
			return still_mapped(&span, found);
	for (uint64_t gpa = start; gpt_next_span(gpt, &gpa, end, &span);) {
		if (freeze(&span, &found))
			continue;
		result = still_mapped(&span, found);
		for (uint64_t thaw = start; gpt_next_span(gpt, &thaw, gpa, &span);)
			settle(&span, 0);
		break;
	}
	return result;
}

/* Takes out a table that nobody needs, and those above that this leaves so. */
static void take_out(struct vmm_gpt *gpt, struct vmm_gpt_node *node, struct vmm_gpt_taken *taken)
{
	while (!node->in_use && node->parent) {
		struct vmm_gpt_node *parent = node->parent;

		/* Exchanged, not stored: hardware may be setting A in it. */
		vmm_gpt_pte_exchange(gpt_table(gpt, parent->pfn) + node->index, 0);
		parent->in_use--;
		push(&taken->first, node);
		taken->count++;
		gpt->tables--;
		node = parent;
	}
}

struct vmm_gpt_result vmm_gpt_vacate_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					    struct vmm_gpt_taken *taken)
{
	struct vmm_gpt_result result = freeze_region(gpt, start, end);
	uint64_t before = taken->count;
	uint64_t gpa = start;
	struct gpt_span span;

	if (result.error)
		return result;
	while (gpt_next_span(gpt, &gpa, end, &span)) {
		struct vmm_gpt_node *node = gpt_node_around(gpt, span.slots);
		unsigned gone = node->in_use;

		/* A whole table stays frozen: whoever still looks at it walks again. */
		if (span.count < VMM_GPT_ENTRIES)
			gone = settle(&span, VMM_GPT_VACANT);
		node->in_use = (uint16_t)(node->in_use - gone);
		result.did_it |= gone > 0;
		take_out(gpt, node, taken);
	}
	result.flush = taken->count > before ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE;
	return result;
}

void vmm_gpt_put_taken(struct vmm_gpt *gpt, struct vmm_gpt_taken *taken)
{
	put_all(gpt, &taken->first);
	taken->count = 0;
}
