/* SPDX-License-Identifier: BSD-2-Clause */
/* The specification's operations: shared parts, and operations that change the tables. */
#include "test/unit/gpt_model_parts.h"

void refuse(struct call *c, enum vmm_gpt_error error)
{
	c->e->errors |= 1u << error;
}

void refuse_for(struct call *c, enum vmm_gpt_error error, unsigned atom)
{
	const struct atom *a = &c->model->atoms[atom];
	uint64_t gpa;

	refuse(c, error);
	c->e->level = a->level;
	c->e->entry = a->mapped ? GPT_IS_LEAF : a->level ? GPT_IS_EMPTY : GPT_IS_VACANT;
	if (a->mapped)
		c->e->leaf = model_leaf(c->model, atom, &gpa);
}

void fine(struct call *c)
{
	refuse(c, VMM_GPT_OK);
}

void does(struct call *c, bool changed, unsigned flush)
{
	fine(c);
	c->e->changed = changed;
	c->e->flush = (uint8_t)flush;
}

void counts(struct call *c, uint64_t number)
{
	c->e->entry = GPT_IS_NUMBER;
	c->e->number = number;
}

bool bad_range(struct call *c)
{
	if (c->args.start >= c->args.end || c->args.end > VMM_GPT_GPA_END)
		refuse(c, VMM_GPT_OUT_OF_RANGE);
	if (c->args.start % VMM_GPT_PAGE_SIZE || c->args.end % VMM_GPT_PAGE_SIZE)
		refuse(c, VMM_GPT_MISALIGNED);
	c->range = (struct range){ c->op->a, c->op->b };
	return c->e->errors;
}

bool bad_gpa(struct call *c)
{
	if (c->args.start >= VMM_GPT_GPA_END)
		refuse(c, VMM_GPT_OUT_OF_RANGE);
	return c->e->errors;
}

/* The level of the entry that will stand for a vacant page: the largest that can. */
static unsigned level_to_populate(const struct call *c, const struct atom *before, unsigned atom)
{
	unsigned level = 1;

	for (unsigned l = 2; l <= c->op->level && l <= VMM_GPT_LEVELS; l++) {
		struct range block = model_block(atom, l);
		bool can = model_has_size(c->model, l, 0) && block.first >= c->range.first &&
			   block.behind <= c->range.behind;

		for (unsigned i = block.first; i < block.behind; i++)
			can &= !before[i].level;
		if (can)
			level = l;
	}
	return level;
}

void spec_populate(struct call *c)
{
	struct model *m = c->model, before = *m;
	uint64_t tables = model_tables(m);
	bool changed = false;

	if (!c->op->level)
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_range(c))
		return;
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		if (!m->atoms[i].level) {
			m->atoms[i].level = (uint8_t)level_to_populate(c, before.atoms, i);
			changed = true;
		}
	tables = model_tables(m) - tables;
	if (tables > c->available) {
		*m = before;
		refuse(c, VMM_GPT_NO_MEMORY);
		return;
	}
	does(c, changed, VMM_GPT_FLUSH_NONE);
	counts(c, tables);
}

void spec_vacate(struct call *c)
{
	struct model *m = c->model, before = *m;
	bool changed = false;
	uint64_t tables;

	if (bad_range(c))
		return;
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		if (m->atoms[i].mapped) {
			refuse_for(c, VMM_GPT_STILL_MAPPED, i);
			return;
		}
	if (model_cut(m, c->range, true) > c->available) {
		*m = before;
		refuse(c, VMM_GPT_NO_MEMORY);
		return;
	}
	tables = model_tables(m);
	for (unsigned i = c->range.first; i < c->range.behind; i++) {
		changed |= m->atoms[i].level;
		m->atoms[i].level = 0;
	}
	c->e->taken = tables - model_tables(m);
	does(c, changed, c->e->taken ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, 0);
}

void spec_split(struct call *c)
{
	struct atom *a;
	unsigned old;

	if (c->op->level < 1 || c->op->level > VMM_GPT_LEVELS)
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_gpa(c))
		return;
	a = &c->model->atoms[c->op->a];
	old = a->level;
	if (!old) {
		refuse(c, VMM_GPT_NOT_POPULATED);
	} else if (old <= c->op->level) {
		fine(c);
		c->e->level = (uint8_t)old;
	} else if (old - c->op->level > c->available) {
		refuse(c, VMM_GPT_NO_MEMORY);
	} else {
		while (a->level > c->op->level)
			model_split(c->model, c->op->a);
		does(c, true, a->mapped ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
		counts(c, old - c->op->level);
		c->e->level = a->level;
	}
}

/* The same page of a run: what is expected of a later entry, given the first. */
static bool continues(const struct atom *first, uint64_t first_gpa, const struct atom *a,
		      uint64_t gpa)
{
	if (a->mapped != first->mapped || !a->level)
		return false;
	return !a->mapped || (a->pfn - first->pfn == (gpa - first_gpa) / VMM_GPT_PAGE_SIZE &&
			      a->prot == first->prot && a->type == first->type);
}

/* Why the entry of an atom does not fit in with those of the same table. */
static void refuse_misfit(struct call *c, unsigned atom, unsigned level)
{
	const struct atom *a = &c->model->atoms[atom];
	unsigned way = model_way(c->model, atom);

	if (way < level - 1) {
		refuse(c, VMM_GPT_WRONG_SIZE);
		c->e->level = (uint8_t)(level - 2);
	} else if (!a->level) {
		refuse(c, VMM_GPT_NOT_POPULATED);
	} else {
		refuse_for(c, VMM_GPT_CONFLICT, atom);
	}
}

/* Its first misfit refuses a merge; so does a size that the CPU lacks, in either order. */
static void check_merge(struct call *c, struct range block)
{
	const struct atom *first = &c->model->atoms[block.first];
	unsigned level = c->op->level;
	uint64_t pages = level_size(level) / VMM_GPT_PAGE_SIZE;

	for (unsigned i = block.first; i < block.behind; i++) {
		const struct atom *a = &c->model->atoms[i];

		if (a->level != level - 1 ||
		    !continues(first, gpt_edges[block.first], a, gpt_edges[i])) {
			refuse_misfit(c, i, level);
			break;
		}
	}
	if (first->level == level - 1 && first->mapped &&
	    (!model_has_size(c->model, level, first->prot) || first->pfn % pages)) {
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
		c->e->level = GPT_ANY;
		c->e->entry = GPT_ANY;
	}
}

static void merge(struct call *c, struct range block)
{
	bool accessed = false, dirty = false;
	uint64_t gpa;

	for (unsigned i = block.first; i < block.behind; i++) {
		accessed |= c->model->atoms[i].accessed;
		dirty |= c->model->atoms[i].dirty;
	}
	for (unsigned i = block.first; i < block.behind; i++) {
		c->model->atoms[i].level = c->op->level;
		c->model->atoms[i].accessed = accessed;
		c->model->atoms[i].dirty = dirty;
	}
	does(c, true, VMM_GPT_FLUSH_REQUIRED);
	c->e->taken = 1;
	c->e->level = c->op->level;
	c->e->entry = GPT_IS_EMPTY;
	if (c->model->atoms[block.first].mapped) {
		c->e->entry = GPT_IS_LEAF;
		c->e->leaf = model_leaf(c->model, block.first, &gpa);
	}
}

void spec_merge(struct call *c)
{
	unsigned way, level = c->op->level;
	struct range block;

	if (level < 2 || level > VMM_GPT_LEVELS || !model_has_size(c->model, level, 0))
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_gpa(c))
		return;
	way = model_way(c->model, c->op->a);
	if (way >= level) { /* there is no table */
		if (c->model->atoms[c->op->a].level)
			refuse_for(c, VMM_GPT_OK, c->op->a);
		else
			refuse(c, VMM_GPT_NOT_POPULATED);
		return;
	}
	block = model_block(c->op->a, level);
	check_merge(c, block);
	if (!c->e->errors)
		merge(c, block);
}

void model_do(struct model *model, const struct gpt_op *op, uint64_t available,
	      struct expected *expected)
{
	static void (*const specs[GPT_OP_KINDS])(struct call * c) = {
		[GPT_OP_POPULATE] = spec_populate,
		[GPT_OP_VACATE] = spec_vacate,
		[GPT_OP_SPLIT] = spec_split,
		[GPT_OP_MERGE] = spec_merge,
		[GPT_OP_MAP] = spec_map,
		[GPT_OP_MAP_AT] = spec_map_at,
		[GPT_OP_MAP_REGION] = spec_map_region,
		[GPT_OP_UNMAP] = spec_unmap,
		[GPT_OP_UNMAP_REGION] = spec_unmap_region,
		[GPT_OP_PROTECT] = spec_protect,
		[GPT_OP_RESET_ACCESSED] = spec_reset,
		[GPT_OP_RESET_DIRTY] = spec_reset,
		[GPT_OP_COLLECT] = spec_collect,
		[GPT_OP_ACCESS] = spec_access,
		[GPT_OP_PUT] = spec_put,
	};
	struct call c = { .model = model, .op = op, .available = available, .e = expected };

	*expected = (struct expected){ .level = GPT_ANY, .entry = GPT_ANY };
	gpt_op_args(model->script, op, &c.args);
	specs[op->kind](&c);
	model->taken += expected->taken;
}
