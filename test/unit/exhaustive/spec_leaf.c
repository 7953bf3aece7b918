/* SPDX-License-Identifier: BSD-2-Clause */
/* Mapping, unmapping and A/D on an array of pages; see spec.h. */
#include "test/unit/exhaustive/spec.h"

#include <string.h>

/* The leaf that says the same with the p-th rights. */
static unsigned with_prot(const struct alphabet *alphabet, unsigned leaf, unsigned p)
{
	unsigned runs = alphabet->runs, prots = alphabet->prots;

	return leaf % runs + runs * p + leaf / runs / prots * runs * prots;
}

void spec_do_map(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		 struct expected *expected)
{
	unsigned cell = cells[op->from], level = cell_level(cell);
	bool by_entry = op->kind == OP_MAP_AT;

	if (!spec_has_leaf(alphabet, op->level, spec_prot(alphabet, op->leaf))) {
		expected->error = VMM_GPT_NOT_EXPRESSIBLE;
	} else if ((spec_run(alphabet, op->leaf) + op->from) % span_of(op->level) ||
		   (!by_entry && op->from % span_of(op->level))) {
		expected->error = VMM_GPT_MISALIGNED;
	} else if (spec_is_table(cells, op->from, op->level)) {
		spec_meet(expected, VMM_GPT_WRONG_SIZE, spec_entry_level(cells, op->from),
			  op->from);
	} else if (!cell) {
		expected->error = VMM_GPT_NOT_POPULATED;
	} else if (!(cell & CELL_MAPPED) && level > op->level) {
		spec_meet(expected, VMM_GPT_WRONG_SIZE, level, op->from);
	} else if (cell & CELL_MAPPED) {
		spec_meet(expected, cell_leaf(cell) == op->leaf ? VMM_GPT_OK : VMM_GPT_CONFLICT,
			  level, op->from);
	} else {
		spec_fill(cells, op->from, op->level, cell_of(op->level, op->leaf));
		spec_meet(expected, VMM_GPT_OK, op->level, op->from);
		expected->after = true;
		expected->changed = true;
	}
}

/* Whether all of the entry at page is populated, and none of it mapped. */
static bool is_clear(const uint8_t *cells, unsigned page, unsigned level)
{
	for (unsigned i = 0; i < span_of(level); i++)
		if (!cells[page + i] || (cells[page + i] & CELL_MAPPED))
			return false;
	return true;
}

/* The entry at page, and what is below it; returns the leaves made. */
static unsigned map_run(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			unsigned page, unsigned level)
{
	bool fits = level == 1 || (spec_inside(page, level, op) && level <= op->level &&
				   spec_has_leaf(alphabet, level, spec_prot(alphabet, op->leaf)) &&
				   !((spec_run(alphabet, op->leaf) + page) % span_of(level)));
	bool one = cell_level(cells[page]) == level;
	unsigned leaves = 0;

	if (spec_outside(page, level, op) || (one && (cells[page] & CELL_MAPPED)))
		return 0;
	if (fits && is_clear(cells, page, level) && (one || op->flag)) {
		spec_fill(cells, page, level, cell_of(level, op->leaf));
		return 1;
	}
	if (one)
		spec_fill(cells, page, level, level - 1);
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++)
		leaves += map_run(alphabet, op, cells, page + i * span_of(level - 1), level - 1);
	return leaves;
}

/* Tables that are in one array, but not in the other. */
static unsigned lacks(const uint8_t *has, const uint8_t *has_not)
{
	unsigned tables = 0;

	for (unsigned level = 2; level <= LEVELS; level++)
		for (unsigned page = 0; page < PAGES; page += span_of(level))
			tables += spec_is_table(has, page, level) &&
				  !spec_is_table(has_not, page, level);
	return tables;
}

void spec_do_map_region(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			struct expected *expected)
{
	uint8_t before[PAGES];

	for (unsigned page = op->from; page < op->to; page++) {
		unsigned level = cell_level(cells[page]);

		if (!cells[page]) {
			spec_meet(expected, VMM_GPT_NOT_POPULATED, spec_entry_level(cells, page),
				  page);
			return;
		}
		if ((cells[page] & CELL_MAPPED) && cell_leaf(cells[page]) != op->leaf) {
			spec_meet(expected, VMM_GPT_CONFLICT, level, page);
			return;
		}
	}
	memcpy(before, cells, PAGES);
	for (unsigned page = 0; page < PAGES; page += span_of(LEVELS))
		expected->number += map_run(alphabet, op, cells, page, LEVELS);
	expected->entry_kind = ENTRY_NUMBER;
	expected->changed = expected->number;
	expected->gets = lacks(cells, before);
	expected->taken = lacks(before, cells);
	if (expected->taken)
		expected->flush = VMM_GPT_FLUSH_REQUIRED;
}

static void tell(const struct alphabet *alphabet, const uint8_t *cells, unsigned page,
		 struct expected *expected)
{
	struct told *told = &expected->told[expected->tells++];

	told->leaf = spec_leaf(alphabet, cells, page);
	told->gpa = base_of(page, told->leaf.level) * VMM_GPT_PAGE_SIZE;
}

void spec_do_unmap(const struct op *op, uint8_t *cells, struct expected *expected)
{
	unsigned level = cell_level(cells[op->from]);

	if (!(cells[op->from] & CELL_MAPPED))
		return;
	spec_meet(expected, VMM_GPT_OK, level, op->from);
	expected->changed = true;
	expected->flush = VMM_GPT_FLUSH_REQUIRED;
	spec_fill(cells, op->from, level, level);
}

void spec_do_unmap_region(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			  struct expected *expected)
{
	bool leaves = spec_cut_all(op, cells, false, expected);

	for (unsigned page = op->from; page < op->to; page++) {
		unsigned level = cell_level(cells[page]);

		if (!(cells[page] & CELL_MAPPED))
			continue;
		tell(alphabet, cells, page, expected);
		expected->number += span_of(level);
		spec_fill(cells, page, level, level);
	}
	expected->changed = leaves || expected->number;
	expected->flush = expected->changed ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE;
	expected->entry_kind = ENTRY_NUMBER;
}

void spec_do_protect(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     struct expected *expected)
{
	unsigned prot = alphabet->prot[op->leaf];

	/* What is cut off of a large leaf may be small enough. */
	for (unsigned page = base_of(op->from + span_of(2) - 1, 2); page + span_of(2) <= op->to;
	     page += span_of(2)) {
		unsigned cell = cells[page];

		if ((cell & CELL_MAPPED) && cell_level(cell) > 1 &&
		    (prot & VMM_GPT_EXEC & (alphabet->caps.small_exec ? ~0u : 0))) {
			expected->error = VMM_GPT_NOT_EXPRESSIBLE;
			return;
		}
	}
	if (spec_cut_all(op, cells, false, expected)) {
		expected->changed = true;
		expected->flush = VMM_GPT_FLUSH_REQUIRED;
	}
	for (unsigned page = op->from; page < op->to; page++) {
		unsigned cell = cells[page], was;

		if (!(cell & CELL_MAPPED))
			continue;
		was = spec_prot(alphabet, cell_leaf(cell));
		cells[page] =
			(uint8_t)((cell & ~7u) | with_prot(alphabet, cell_leaf(cell), op->leaf));
		expected->number += was != prot;
		if (was & ~prot)
			expected->flush = VMM_GPT_FLUSH_REQUIRED;
	}
	expected->changed |= expected->number > 0;
	expected->entry_kind = ENTRY_NUMBER;
}

void spec_do_collect(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     struct expected *expected)
{
	unsigned bits = (op->leaf & VMM_GPT_ACCESSED ? CELL_A : 0) |
			(op->leaf & VMM_GPT_DIRTY ? CELL_D : 0);
	uint8_t before[PAGES];

	memcpy(before, cells, PAGES);
	for (unsigned page = op->from; page < op->to; page++) {
		unsigned cell = before[page], level = cell_level(cell);

		/* Once for each leaf. */
		if (!(cell & CELL_MAPPED) || !(cell & bits) ||
		    (page != op->from && page != base_of(page, level)))
			continue;
		tell(alphabet, before, page, expected);
		if (!op->flag)
			continue;
		expected->changed = true;
		if (expected->flush != VMM_GPT_FLUSH_REQUIRED)
			expected->flush = cell & bits & CELL_D ? VMM_GPT_FLUSH_REQUIRED :
								 VMM_GPT_FLUSH_OPTIONAL;
		spec_fill(cells, page, level, cell & ~bits);
	}
	expected->entry_kind = ENTRY_NUMBER;
	expected->number = expected->tells;
}

void spec_do_reset(const struct op *op, uint8_t *cells, struct expected *expected)
{
	unsigned cell = cells[op->from], bit = op->kind == OP_RESET_A ? CELL_A : CELL_D;

	if (!(cell & CELL_MAPPED)) {
		expected->error = VMM_GPT_NOT_POPULATED;
		return;
	}
	spec_meet(expected, VMM_GPT_OK, cell_level(cell), op->from);
	expected->changed = (cell & bit ? 1 : 0) != op->flag;
	if (expected->changed && !op->flag)
		expected->flush = bit == CELL_A ? VMM_GPT_FLUSH_OPTIONAL : VMM_GPT_FLUSH_REQUIRED;
	spec_fill(cells, op->from, cell_level(cell), op->flag ? cell | bit : cell & ~bit);
}

void spec_do_hardware(const struct op *op, uint8_t *cells)
{
	unsigned cell = cells[op->from];

	if (cell & CELL_MAPPED)
		spec_fill(cells, op->from, cell_level(cell),
			  cell | CELL_A | (op->flag ? CELL_D : 0));
}
