/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of the specification; see gpt_model.h. */
#include "test/host/gpt_model_parts.h"

/* One that is being specified. */
struct call {
	struct model *model;
	const struct gpt_op *op;
	struct gpt_args args;
	uint64_t available;
	struct range range; /* of the operations on ranges */
	struct expected *e;
};

static void refuse(struct call *c, enum vmm_gpt_error error)
{
	c->e->errors |= 1u << error;
}

/* Of an entry that is in the way. */
static void refuse_for(struct call *c, enum vmm_gpt_error error, unsigned atom)
{
	const struct atom *a = &c->model->atoms[atom];
	uint64_t gpa;

	refuse(c, error);
	c->e->level = a->level;
	c->e->entry = a->mapped ? GPT_IS_LEAF : a->level ? GPT_IS_EMPTY : GPT_IS_VACANT;
	if (a->mapped)
		c->e->leaf = model_leaf(c->model, atom, &gpa);
}

static void fine(struct call *c)
{
	refuse(c, VMM_GPT_OK);
}

static void does(struct call *c, bool did_it, unsigned flush)
{
	fine(c);
	c->e->did_it = did_it;
	c->e->flush = (uint8_t)flush;
}

/* OK, and .entry is a number. */
static void counts(struct call *c, uint64_t number)
{
	c->e->entry = GPT_IS_NUMBER;
	c->e->number = number;
}

/* What is wrong with the arguments of an operation on a range. */
static bool bad_range(struct call *c)
{
	if (c->args.start >= c->args.end || c->args.end > VMM_GPT_GPA_END)
		refuse(c, VMM_GPT_OUT_OF_RANGE);
	if (c->args.start % VMM_GPT_PAGE_SIZE || c->args.end % VMM_GPT_PAGE_SIZE)
		refuse(c, VMM_GPT_MISALIGNED);
	c->range = (struct range){ c->op->a, c->op->b };
	return c->e->errors;
}

static bool bad_gpa(struct call *c)
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

static void do_populate(struct call *c)
{
	struct model *m = c->model, before = *m;
	uint64_t tables = model_tables(m);
	bool did_it = false;

	if (!c->op->level)
		refuse(c, VMM_GPT_NOT_EXPRESSIBLE);
	if (bad_range(c))
		return;
	for (unsigned i = c->range.first; i < c->range.behind; i++)
		if (!m->atoms[i].level) {
			m->atoms[i].level = (uint8_t)level_to_populate(c, before.atoms, i);
			did_it = true;
		}
	tables = model_tables(m) - tables;
	if (tables > c->available) {
		*m = before;
		refuse(c, VMM_GPT_NO_MEMORY);
		return;
	}
	does(c, did_it, VMM_GPT_FLUSH_NONE);
	counts(c, tables);
}

static void do_vacate(struct call *c)
{
	struct model *m = c->model, before = *m;
	bool did_it = false;
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
		did_it |= m->atoms[i].level;
		m->atoms[i].level = 0;
	}
	c->e->taken = tables - model_tables(m);
	does(c, did_it, c->e->taken ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, 0);
}

static void do_split(struct call *c)
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

static void do_merge(struct call *c)
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
		c->e->did_it = true;
	}
}

static void do_map(struct call *c)
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
static void do_map_at(struct call *c)
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

static void do_map_region(struct call *c)
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

static void do_unmap(struct call *c)
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

static void do_unmap_region(struct call *c)
{
	uint64_t pages, tables;

	if (bad_range(c) || !cut_leaves(c, &tables))
		return;
	pages = model_tell(c->model, c->range, MODEL_ALL, c->e);
	empty_atoms(c->model, c->range);
	does(c, pages, pages ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE);
	counts(c, pages);
}

static void do_protect(struct call *c)
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

static void do_reset(struct call *c)
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
	c->e->did_it = was != on;
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

static void do_collect(struct call *c)
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
	c->e->did_it = clear && c->e->told;
	if (c->e->did_it)
		c->e->flush = dirty ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_OPTIONAL;
}

static void do_access(struct call *c)
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

static void do_put(struct call *c)
{
	fine(c);
	c->model->taken = 0;
}

void model_do(struct model *model, const struct gpt_op *op, uint64_t available,
	      struct expected *expected)
{
	static void (*const specs[GPT_OP_KINDS])(struct call * c) = {
		[GPT_OP_POPULATE] = do_populate,
		[GPT_OP_VACATE] = do_vacate,
		[GPT_OP_SPLIT] = do_split,
		[GPT_OP_MERGE] = do_merge,
		[GPT_OP_MAP] = do_map,
		[GPT_OP_MAP_AT] = do_map_at,
		[GPT_OP_MAP_REGION] = do_map_region,
		[GPT_OP_UNMAP] = do_unmap,
		[GPT_OP_UNMAP_REGION] = do_unmap_region,
		[GPT_OP_PROTECT] = do_protect,
		[GPT_OP_RESET_ACCESSED] = do_reset,
		[GPT_OP_RESET_DIRTY] = do_reset,
		[GPT_OP_COLLECT] = do_collect,
		[GPT_OP_ACCESS] = do_access,
		[GPT_OP_PUT] = do_put,
	};
	struct call c = { .model = model, .op = op, .available = available, .e = expected };

	*expected = (struct expected){ .level = GPT_ANY, .entry = GPT_ANY };
	gpt_op_args(model->script, op, &c.args);
	specs[op->kind](&c);
	model->taken += expected->taken;
}
