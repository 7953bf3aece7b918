/* SPDX-License-Identifier: BSD-2-Clause */
/* The executable specification (gpt_model.h): its state, by address. */
#include "test/unit/gpt_model_parts.h"

void model_init(struct model *model, const struct gpt_script *script)
{
	*model = (struct model){ .script = script };
}

struct range model_block(unsigned atom, unsigned level)
{
	uint64_t size = level_size(level), base = gpt_edges[atom] & ~(size - 1);
	struct range r = { atom, atom + 1 };

	if (atom_size(atom) >= size)
		return r; /* whole blocks, all of them alike */
	while (gpt_edges[r.first] > base)
		r.first--;
	while (gpt_edges[r.behind] < base + size)
		r.behind++;
	return r;
}

/* How many blocks of this level that stands for. */
static uint64_t blocks(unsigned atom, unsigned level)
{
	uint64_t size = level_size(level);

	return atom_size(atom) > size ? atom_size(atom) / size : 1;
}

/* Whether there is a table below the entry of this level around an atom. */
static bool has_table(const struct model *model, unsigned atom, unsigned level)
{
	struct range block = model_block(atom, level);

	for (unsigned i = block.first; i < block.behind; i++)
		if (model->atoms[i].level && model->atoms[i].level < level)
			return true;
	return false;
}

uint64_t model_tables(const struct model *model)
{
	uint64_t tables = 1;

	for (unsigned level = 2; level <= VMM_GPT_LEVELS; level++)
		for (unsigned i = 0; i < GPT_ATOMS; i = model_block(i, level).behind)
			if (has_table(model, i, level))
				tables += blocks(i, level);
	return tables;
}

unsigned model_way(const struct model *model, unsigned atom)
{
	unsigned level = VMM_GPT_LEVELS;

	while (level > 1 && has_table(model, atom, level))
		level--;
	return level;
}

struct vmm_gpt_leaf model_leaf(const struct model *model, unsigned atom, uint64_t *gpa)
{
	const struct atom *a = &model->atoms[atom];

	*gpa = gpt_edges[atom] & ~(level_size(a->level) - 1);
	return (struct vmm_gpt_leaf){
		.pfn = a->pfn - (gpt_edges[atom] - *gpa) / VMM_GPT_PAGE_SIZE,
		.prot = a->prot,
		.type = a->type,
		.level = a->level,
		.accessed = a->accessed,
		.dirty = a->dirty,
	};
}

uint64_t model_split(struct model *model, unsigned atom)
{
	unsigned level = model->atoms[atom].level;
	struct range block = model_block(atom, level);

	for (unsigned i = block.first; i < block.behind; i++)
		model->atoms[i].level = (uint8_t)(level - 1);
	return blocks(atom, level);
}

/* Splits the entry around an edge until the edge is between two. */
static uint64_t cut(struct model *model, unsigned edge, bool empty)
{
	const struct atom *a = &model->atoms[edge];
	uint64_t tables = 0;

	if (edge < GPT_ATOMS)
		while (a->level && (a->mapped || empty) &&
		       (gpt_edges[edge] & (level_size(a->level) - 1)))
			tables += model_split(model, edge);
	return tables;
}

uint64_t model_cut(struct model *model, struct range range, bool empty)
{
	return cut(model, range.first, empty) + cut(model, range.behind, empty);
}

bool model_has_size(const struct model *model, unsigned level, unsigned prot)
{
	const struct vmm_gpt_caps *caps = &model->script->caps;

	if (level == 1)
		return true;
	if (caps->small_exec && (prot & VMM_GPT_EXEC))
		return false;
	return caps->leaf_2m && (level == 2 || (level == 3 && caps->leaf_1g));
}

bool model_has_prot(const struct model *model, unsigned prot)
{
	switch (prot) {
	case VMM_GPT_READ:
	case VMM_GPT_READ | VMM_GPT_WRITE:
	case VMM_GPT_READ | VMM_GPT_EXEC:
	case VMM_GPT_RWX:
		return true;
	case VMM_GPT_EXEC:
		return model->script->caps.exec_only;
	default:
		return false;
	}
}

bool model_has_type(unsigned type)
{
	return type == VMM_GPT_UC || type == VMM_GPT_WC || type == VMM_GPT_WT ||
	       type == VMM_GPT_WP || type == VMM_GPT_WB;
}

bool model_has_pfns(const struct model *model, uint64_t pfn, uint64_t pages)
{
	uint64_t end = UINT64_C(1) << (model->script->caps.maxphyaddr - 12);

	return pfn < end && pages <= end - pfn;
}

uint64_t model_tell(const struct model *model, struct range range, unsigned bits,
		    struct expected *expected)
{
	uint64_t pages = 0, seen = UINT64_MAX, gpa;

	for (unsigned i = range.first; i < range.behind; i++) {
		const struct atom *a = &model->atoms[i];
		struct vmm_gpt_leaf leaf;

		if (!a->mapped || !((a->accessed ? bits & 1 : 0) | (a->dirty ? bits & 2 : 0) |
				    (bits & MODEL_ALL)))
			continue;
		leaf = model_leaf(model, i, &gpa);
		pages += atom_size(i) / VMM_GPT_PAGE_SIZE;
		for (uint64_t n = gpa == seen ? 0 : blocks(i, a->level); n; n--) {
			expected->told++;
			expected->told_hash += gpt_leaf_hash(gpa, &leaf);
			seen = gpa;
			gpa += level_size(a->level);
			leaf.pfn += level_size(a->level) / VMM_GPT_PAGE_SIZE;
		}
	}
	return pages;
}

static bool same_leaf(const struct vmm_gpt_leaf *a, const struct vmm_gpt_leaf *b)
{
	return a->pfn == b->pfn && a->prot == b->prot && a->type == b->type &&
	       a->level == b->level && a->accessed == b->accessed && a->dirty == b->dirty;
}

const char *expected_differs(const struct expected *e, const struct gpt_outcome *outcome)
{
	const struct vmm_gpt_result *r = &outcome->result;

	if (!(e->errors >> r->error & 1))
		return "model: another error";
	if (r->flush != e->flush)
		return "model: another flush";
	if (r->changed != e->changed)
		return "model: another changed";
	if (e->level != GPT_ANY && r->level != e->level)
		return "model: another level";
	if (e->entry != GPT_ANY && outcome->entry != e->entry)
		return "model: another kind of entry";
	if (e->entry == GPT_IS_NUMBER && r->entry != e->number)
		return "model: another number in .entry";
	if (e->entry == GPT_IS_LEAF && !same_leaf(&e->leaf, &outcome->leaf))
		return "model: another leaf in .entry";
	if (e->told != outcome->told || e->told_hash != outcome->told_hash)
		return "model: told of other leaves";
	return e->taken == outcome->taken ? NULL : "model: another number of tables taken out";
}
