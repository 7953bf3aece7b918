/* SPDX-License-Identifier: BSD-2-Clause */
/* The specification's operations that map and unmap, and hardware's A and D. */
#include "test/unit/gpt_model_parts.h"

/* What both ways to map one leaf refuse. */
static bool bad_leaf(struct call *c, unsigned level)
{
	bool is_level = level >= 1 && level <= 3;
	uint64_t pages = is_level ? level_size(level) / VMM_GPT_PAGE_SIZE : 1;

	if (!is_level || !model_has_size(c->model, level, c->op->prot) ||
	    !model_has_prot(c->model, c->op->prot) || !model_has_type(c->op->type) ||
	    !model_has_pfns(c->model, c->args.pfn, 1))
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (c->args.pfn % pages)
		refuse(c, VMM_GPT_MISALIGNED);
	return c->e->errors;
}

/* The page of a run that begins with the atom first. */
static uint64_t run_pfn(const struct call *c, unsigned first, unsigned atom)
{
	return c->args.pfn + (gpt_edges[atom] - gpt_edges[first]) / VMM_GPT_PAGE_SIZE;
}

static bool agrees(const struct call *c, unsigned first, unsigned atom)
{
	const struct atom *a = &c->model->atoms[atom];

	return a->pfn == run_pfn(c, first, atom) && a->prot == c->op->prot &&
	       a->type == c->op->type;
}

static void map_atoms(struct call *c, unsigned first, struct range r)
{
	for (unsigned i = r.first; i < r.behind; i++) {
		struct atom *a = &c->model->atoms[i];

		a->mapped = true;
		a->accessed = a->dirty = false;
		a->prot = c->op->prot;
		a->type = c->op->type;
		a->pfn = run_pfn(c, first, i);
	}
}

/* One leaf, in the entry that begins with the atom first. */
static void map_one(struct call *c, unsigned first)
{
	const struct atom *a = &c->model->atoms[first];

	if (a->mapped && !agrees(c, first, first)) {
		refuse_for(c, VMM_GPT_CONFLICT, first);
	} else if (a->mapped) {
		refuse_for(c, VMM_GPT_OK, first);
	} else {
		map_atoms(c, first, model_block(first, a->level));
		refuse_for(c, VMM_GPT_OK, first);
		c->e->changed = true;
	}
}

void spec_map(struct call *c)
{
	unsigned level = c->op->level, way;

	if (level >= 1 && level <= 3 && c->args.start % level_size(level))
		refuse(c, VMM_GPT_MISALIGNED);
	bad_leaf(c, level);
	if (bad_gpa(c))
		return;
	way = model_way(c->model, c->op->a);
	if (way < level ||
	    (way > level && c->model->atoms[c->op->a].level && !c->model->atoms[c->op->a].mapped)) {
		refuse(c, VMM_GPT_WRONG_SIZE);
		c->e->level = (uint8_t)way;
	} else if (!c->model->atoms[c->op->a].level) {
		refuse(c, VMM_GPT_NOT_POPULATED);
	} else {
		map_one(c, c->op->a);
	}
}

/* The entry of a lookup, which fails out of range, too. */
void spec_map_at(struct call *c)
{
	unsigned level = c->op->a < GPT_ATOMS ? c->model->atoms[c->op->a].level : 0;

	if (bad_leaf(c, level ? level : 1))
		return;
	/* pfn is that of the beginning of the entry, also where it begins before. */
	if (level)
		map_one(c, model_block(c->op->a, level).first);
	else
		refuse(c, VMM_GPT_NOT_POPULATED);
}

/* The level of the leaf that will map an empty page: the largest that can. */
static unsigned level_to_map(const struct call *c, const struct atom *before, unsigned atom)
{
	unsigned level = 1;

	for (unsigned l = 2; l <= c->op->level && l <= 3; l++) {
		struct range block = model_block(atom, l);
		uint64_t base = gpt_edges[block.first];
		uint64_t pfn = c->args.pfn + (base - c->args.start) / VMM_GPT_PAGE_SIZE;
		bool empty = !(c->op->flags & GPT_NO_TAKEN);

		if (block.first < c->range.first || block.behind > c->range.behind ||
		    !model_has_size(c->model, l, c->op->prot) ||
		    pfn % (level_size(l) / VMM_GPT_PAGE_SIZE))
			continue;
		for (unsigned i = block.first; i < block.behind; i++)
			empty &= before[i].level && !before[i].mapped;
		if (before[atom].level >= l || empty)
			level = l;
	}
	return level;
}

static bool check_map_region(struct call *c)
{
	uint64_t pages = (c->args.end - c->args.start) / VMM_GPT_PAGE_SIZE;

	if (!model_has_prot(c->model, c->op->prot) || !model_has_type(c->op->type) ||
	    !c->op->level || !model_has_pfns(c->model, c->args.pfn, pages))
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_range(c))
		return false;
	/* Of several that are in the way, the first. */
	for (unsigned i = c->range.first; i < c->range.behind && !c->e->errors; i++) {
		const struct atom *a = &c->model->atoms[i];

		if (!a->level)
			refuse(c, VMM_GPT_NOT_POPULATED);
		else if (a->mapped && !agrees(c, c->op->a, i))
			refuse_for(c, VMM_GPT_CONFLICT, i);
	}
	return !c->e->errors;
}

void spec_map_region(struct call *c)
{
	struct model *m = c->model, before = *m;
	uint64_t splits = 0, leaves = 0, tables = model_tables(m);
	uint8_t level[GPT_ATOMS] = { 0 };

	if (!check_map_region(c))
		return;
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		if (!m->atoms[i].mapped)
			level[i] = (uint8_t)level_to_map(c, before.atoms, i);
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		while (level[i] && m->atoms[i].level > level[i])
			splits += model_split(m, i);
	if (splits > c->available) {
		*m = before;
		refuse(c, VMM_GPT_NO_MEMORY);
		return;
	}
	for (unsigned i = c->range.first; i < c->range.behind; i++) {
		if (!level[i])
			continue;
		m->atoms[i].level = level[i];
		map_atoms(c, c->op->a, (struct range){ i, i + 1 });
		if (atom_size(i) > level_size(level[i]))
			leaves += atom_size(i) / level_size(level[i]);
		else
			leaves += gpt_edges[i] % level_size(level[i]) == 0;
	}
	c->e->taken = tables + splits - model_tables(m);
	does(c, leaves, c->e->taken ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, leaves);
}

static void empty_atoms(struct model *model, struct range r)
{
	for (unsigned i = r.first; i < r.behind; i++)
		model->atoms[i] = (struct atom){ .level = model->atoms[i].level };
}

void spec_unmap(struct call *c)
{
	const struct atom *a;

	if (c->args.start % VMM_GPT_PAGE_SIZE)
		refuse(c, VMM_GPT_MISALIGNED);
	if (bad_gpa(c))
		return;
	a = &c->model->atoms[c->op->a];
	if (!a->mapped) {
		fine(c);
		return;
	}
	refuse_for(c, VMM_GPT_OK, c->op->a); /* it is the entry */
	does(c, true, VMM_GPT_FLUSH_REQUIRED);
	empty_atoms(c->model, model_block(c->op->a, a->level));
}

/* For what goes over leaves: .entry is a number of pages, 0 where there is no memory. */
static bool cut_leaves(struct call *c, uint64_t *tables)
{
	struct model before = *c->model;

	*tables = model_cut(c->model, c->range, false);
	if (*tables <= c->available)
		return true;
	*c->model = before;
	refuse(c, VMM_GPT_NO_MEMORY);
	counts(c, 0);
	return false;
}

void spec_unmap_region(struct call *c)
{
	uint64_t pages, tables;

	if (bad_range(c) || !cut_leaves(c, &tables))
		return;
	pages = model_tell(c->model, c->range, MODEL_ALL, c->e);
	empty_atoms(c->model, c->range);
	does(c, pages, pages ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, pages);
}

void spec_protect(struct call *c)
{
	struct model before = *c->model;
	uint64_t tables, pages = 0;
	bool taken = false, large = false;

	if (!model_has_prot(c->model, c->op->prot))
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_range(c))
		return;
	/* What would not be split, and may not be executable: that comes before memory. */
	tables = model_cut(c->model, c->range, false);
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		large |= c->model->atoms[i].mapped &&
			 !model_has_size(c->model, c->model->atoms[i].level, c->op->prot);
	*c->model = before;
	if (large)
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (large || !cut_leaves(c, &tables))
		return;
	for (unsigned i = c->range.first; i < c->range.behind; i++) {
		struct atom *a = &c->model->atoms[i];

		if (!a->mapped || a->prot == c->op->prot)
			continue;
		pages += atom_size(i) / VMM_GPT_PAGE_SIZE;
		taken |= a->prot & ~c->op->prot;
		a->prot = c->op->prot;
	}
	does(c, pages || tables, taken || tables ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, pages);
}

void spec_reset(struct call *c)
{
	bool is_dirty = c->op->kind == GPT_OP_RESET_DIRTY, on = c->op->flags & GPT_ON, was;
	struct range block;
	const struct atom *a;
	unsigned way;

	if (c->op->a >= GPT_ATOMS) {
		refuse(c, VMM_GPT_NOT_POPULATED);
		return;
	}
	a = &c->model->atoms[c->op->a];
	way = model_way(c->model, c->op->a);
	if (c->op->level && c->op->level > way) { /* of a walk: a table */
		refuse(c, VMM_GPT_WRONG_SIZE);
		return;
	}
	if (!a->mapped || (c->op->level && c->op->level < way)) { /* of a walk: NULL */
		refuse(c, VMM_GPT_NOT_POPULATED);
		return;
	}
	refuse_for(c, VMM_GPT_OK, c->op->a); /* as it was */
	was = is_dirty ? a->dirty : a->accessed;
	c->e->changed = was != on;
	if (was && !on)
		c->e->flush = is_dirty ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_OPTIONAL;
	block = model_block(c->op->a, a->level);
	for (unsigned i = block.first; i < block.behind; i++)
		*(is_dirty ? &c->model->atoms[i].dirty : &c->model->atoms[i].accessed) = on;
}

/* The whole leaf around an atom. */
static void clear_bits(struct model *model, unsigned atom, unsigned bits)
{
	struct range block = model_block(atom, model->atoms[atom].level);

	for (unsigned i = block.first; i < block.behind; i++) {
		model->atoms[i].accessed &= !(bits & VMM_GPT_ACCESSED);
		model->atoms[i].dirty &= !(bits & VMM_GPT_DIRTY);
	}
}

void spec_collect(struct call *c)
{
	bool clear = c->op->flags & GPT_ON, dirty = false;

	if (bad_range(c))
		return;
	model_tell(c->model, c->range, c->op->prot & 3u, c->e);
	for (unsigned i = c->range.first; i < c->range.behind && clear; i++)
		if (c->model->atoms[i].mapped) {
			dirty |= (c->op->prot & VMM_GPT_DIRTY) && c->model->atoms[i].dirty;
			clear_bits(c->model, i, c->op->prot);
		}
	fine(c);
	counts(c, c->e->told);
	c->e->changed = clear && c->e->told;
	if (c->e->changed)
		c->e->flush = dirty ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_OPTIONAL;
}

void spec_access(struct call *c)
{
	const struct atom *a;
	struct range block;

	fine(c);
	if (c->op->a >= GPT_ATOMS || !c->model->script->caps.track_ad)
		return;
	a = &c->model->atoms[c->op->a];
	if (!a->mapped || (c->op->prot & ~a->prot))
		return;
	block = model_block(c->op->a, a->level);
	for (unsigned i = block.first; i < block.behind; i++) {
		c->model->atoms[i].accessed = true;
		c->model->atoms[i].dirty |= c->op->prot == VMM_GPT_WRITE;
	}
}

void spec_put(struct call *c)
{
	fine(c);
	c->model->taken = 0;
}
