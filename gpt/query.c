/* SPDX-License-Identifier: BSD-2-Clause */
/* Inspecting a table: extents, nodes, and the consistency check. */
#include "tree.h"

static enum vmm_gpt_extent_kind kind_of(uint64_t pte)
{
	if (pte == VMM_GPT_VACANT)
		return VMM_GPT_HOLE;
	return pte & ~VMM_GPT_FROZEN ? VMM_GPT_MAPPED : VMM_GPT_EMPTY;
}

/* The entry where the walk to gpa ends, and its level. */
static uint64_t entry_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level)
{
	uint64_t pte;

	do
		pte = vmm_gpt_pte_load(gpt_find(gpt, gpa, level));
	while (*level > 1 && gpt_pte_is_table(gpt->format, pte)); /* just split */
	return pte;
}

bool vmm_gpt_next(const struct vmm_gpt *gpt, uint64_t gpa, uint64_t end,
		  struct vmm_gpt_extent *extent)
{
	unsigned level;
	uint64_t pte;

	if (gpa >= end || end > VMM_GPT_GPA_END)
		return false;
	pte = entry_at(gpt, gpa, &level);
	*extent = (struct vmm_gpt_extent){ .start = gpa, .kind = (uint8_t)kind_of(pte) };
	if (extent->kind == VMM_GPT_MAPPED) {
		extent->gpa = gpa & ~(gpt_size(level) - 1);
		extent->end = gpt_min(extent->gpa + gpt_size(level), end);
		gpt_decode(gpt, pte, level, &extent->leaf);
		return true;
	}
	do {
		gpa = (gpa & ~(gpt_size(level) - 1)) + gpt_size(level);
		if (gpa >= end)
			break;
		pte = entry_at(gpt, gpa, &level);
	} while (kind_of(pte) == extent->kind);
	extent->end = gpt_min(gpa, end);
	return true;
}

const struct vmm_gpt_node *vmm_gpt_node_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned level)
{
	unsigned lowest;
	vmm_gpt_pte_t *ptep;

	if (gpa >= VMM_GPT_GPA_END || level < 1 || level > VMM_GPT_LEVELS)
		return NULL;
	ptep = gpt_find(gpt, gpa, &lowest);
	if (lowest > level)
		return NULL;

	const struct vmm_gpt_node *node = gpt_node_around(gpt, ptep);

	while (node->level < level)
		node = node->parent;
	return node;
}

struct check {
	const struct vmm_gpt *gpt;
	vmm_gpt_complain_fn *complain;
	void *arg;
	unsigned complaints;
	uint64_t tables;
};

static void complain(struct check *check, uint64_t gpa, unsigned level, uint64_t entry,
		     const char *what)
{
	check->complaints++;
	if (check->complain)
		check->complain(check->arg, gpa, level, entry, what);
}

/* A leaf is valid if decoding and encoding it again gives the same bits. */
static const char *wrong_with_leaf(const struct vmm_gpt *gpt, uint64_t pte, unsigned level)
{
	struct vmm_gpt_leaf leaf;
	uint64_t spelt;

	gpt_decode(gpt, pte, level, &leaf);
	if (!gpt_has_leaf(gpt, level, leaf.prot))
		return "a leaf of a size that this CPU does not have";
	spelt = vpeo_map_page(gpt->format, &gpt->caps, level, leaf.pfn, leaf.prot, leaf.type);
	if (spelt == VMM_GPT_NO_ENCODING)
		return "a leaf that this format does not have";
	if (spelt != gpt_pte_sans_ad(gpt->format, pte))
		return "a leaf with bits that mean nothing";
	return NULL;
}

static const char *wrong_with_entry(const struct vmm_gpt *gpt, uint64_t pte, unsigned level)
{
	if (!pte)
		return gpt_has_leaf(gpt, level, 0) ? NULL : "empty, where no leaf can be";
	if (gpt_pte_is_frozen(pte))
		return "frozen";
	if (gpt_pte_is_leaf(gpt->format, pte, level))
		return wrong_with_leaf(gpt, pte, level);
	return pte == VMM_GPT_VACANT ? NULL : "neither vacant, nor empty, nor present";
}

static const char *wrong_with_child(const struct vmm_gpt_node *node, unsigned index,
				    const struct vmm_gpt_node *child, uint64_t pfn)
{
	if (!child || child->pfn != pfn)
		return "no node";
	if (child->parent != node || child->index != index)
		return "a node that hangs elsewhere";
	if (child->level != node->level - 1)
		return "a node of another level";
	if (child->gpa != node->gpa + index * gpt_size(node->level))
		return "a node of another gpa";
	if (!child->in_use)
		return "a table without use";
	return NULL;
}

static void check_table(struct check *check, const struct vmm_gpt_node *node)
{
	const struct vmm_gpt *gpt = check->gpt;
	const vmm_gpt_pte_t *table = gpt_table(gpt, node->pfn);
	unsigned in_use = 0;

	check->tables++;
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);
		uint64_t gpa = node->gpa + i * gpt_size(node->level);
		const struct vmm_gpt_node *child;
		const char *what;

		in_use += pte != VMM_GPT_VACANT;
		if (node->level == 1 || !gpt_pte_is_table(gpt->format, pte)) {
			what = wrong_with_entry(gpt, pte, node->level);
			if (what)
				complain(check, gpa, node->level, pte, what);
			continue;
		}
		child = gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1));
		what = wrong_with_child(node, i, child, vpeo_pte_pfn(gpt->format, pte, 1));
		if (!what &&
		    (pte & ~gpt->format->accessed) != vpeo_map_table(gpt->format, child->pfn))
			what = "a table's entry with bits that mean nothing";
		if (what)
			complain(check, gpa, node->level, pte, what);
		else
			check_table(check, child);
	}
	if (in_use != node->in_use)
		complain(check, node->gpa, node->level, in_use, "a count that is not its table's");
}

unsigned vmm_gpt_check(const struct vmm_gpt *gpt, vmm_gpt_complain_fn *fn, void *arg)
{
	struct check check = { .gpt = gpt, .complain = fn, .arg = arg };

	if (gpt->root->level != VMM_GPT_LEVELS || gpt->root->gpa || gpt->root->parent)
		complain(&check, 0, VMM_GPT_LEVELS, gpt->root->pfn, "a root that hangs elsewhere");
	check_table(&check, gpt->root);
	if (check.tables != gpt->tables)
		complain(&check, 0, VMM_GPT_LEVELS, check.tables, "tables that are not counted");
	return check.complaints;
}
