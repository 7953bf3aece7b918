/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations on an array of pages; see spec.h. */
#include "test/unit/exhaustive/spec.h"

#include <string.h>

unsigned spec_prot(const struct alphabet *alphabet, unsigned leaf)
{
	return alphabet->prot[leaf / alphabet->runs % alphabet->prots];
}

uint64_t spec_run(const struct alphabet *alphabet, unsigned leaf)
{
	return alphabet->run[leaf % alphabet->runs];
}

unsigned spec_type(const struct alphabet *alphabet, unsigned leaf)
{
	return alphabet->type[leaf / alphabet->runs / alphabet->prots];
}

bool spec_has_leaf(const struct alphabet *alphabet, unsigned level, unsigned prot)
{
	const struct vmm_gpt_caps *caps = &alphabet->caps;

	if (level == 1)
		return true;
	if (level > 3 || level > LEVELS || (caps->small_exec && (prot & VMM_GPT_EXEC)))
		return false;
	return level == 2 ? caps->leaf_2m : caps->leaf_2m && caps->leaf_1g;
}

bool spec_is_table(const uint8_t *cells, unsigned page, unsigned level)
{
	unsigned base = base_of(page, level);

	for (unsigned i = 0; level > 1 && i < span_of(level); i++)
		if (cells[base + i] && cell_level(cells[base + i]) < level)
			return true;
	return false;
}

unsigned spec_tables(const uint8_t *cells)
{
	unsigned tables = 1;

	for (unsigned level = 2; level <= LEVELS; level++)
		for (unsigned page = 0; page < PAGES; page += span_of(level))
			tables += spec_is_table(cells, page, level);
	return tables;
}

struct vmm_gpt_leaf spec_leaf(const struct alphabet *alphabet, const uint8_t *cells, unsigned page)
{
	unsigned cell = cells[page], level = cell_level(cell);

	return (struct vmm_gpt_leaf){
		.pfn = spec_run(alphabet, cell_leaf(cell)) + base_of(page, level),
		.prot = (uint8_t)spec_prot(alphabet, cell_leaf(cell)),
		.type = (uint8_t)spec_type(alphabet, cell_leaf(cell)),
		.level = (uint8_t)level,
		.accessed = cell & CELL_A,
		.dirty = cell & CELL_D,
	};
}

void spec_fill(uint8_t *cells, unsigned page, unsigned level, unsigned cell)
{
	memset(cells + base_of(page, level), (int)cell, span_of(level));
}

static unsigned with_level(unsigned cell, unsigned level)
{
	return cell & CELL_MAPPED ? (cell & ~0x60u) | (level - 1) << 5 : level;
}

bool spec_inside(unsigned page, unsigned level, const struct op *op)
{
	return page >= op->from && page + span_of(level) <= op->to;
}

bool spec_outside(unsigned page, unsigned level, const struct op *op)
{
	return page >= op->to || page + span_of(level) <= op->from;
}

/* The entry of this level at page, and what is below it. */
static void populate(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     unsigned page, unsigned level)
{
	if (spec_outside(page, level, op) || cell_level(cells[page]) >= level)
		return;
	if (!spec_is_table(cells, page, level) && spec_inside(page, level, op) &&
	    (level == 1 || (level <= op->level && spec_has_leaf(alphabet, level, 0)))) {
		spec_fill(cells, page, level, level);
		return;
	}
	for (unsigned i = 0; level > 1 && i < VMM_GPT_ENTRIES; i++)
		populate(alphabet, op, cells, page + i * span_of(level - 1), level - 1);
}

/* Splits what is populated by one entry and sticks out, mapped or (if asked for) empty. */
static void cut(const struct op *op, uint8_t *cells, unsigned page, unsigned level, bool empty)
{
	if (spec_inside(page, level, op) || spec_outside(page, level, op))
		return;
	if (cell_level(cells[page]) == level) {
		if (!(cells[page] & CELL_MAPPED) && !empty)
			return;
		spec_fill(cells, page, level, with_level(cells[page], level - 1));
	}
	for (unsigned i = 0; level > 1 && i < VMM_GPT_ENTRIES; i++)
		cut(op, cells, page + i * span_of(level - 1), level - 1, empty);
}

/* The same for all of the table. True: leaves were split. */
bool spec_cut_all(const struct op *op, uint8_t *cells, bool empty, struct expected *expected)
{
	uint8_t before[PAGES];
	bool leaves = false;

	memcpy(before, cells, PAGES);
	for (unsigned page = 0; page < PAGES; page += span_of(LEVELS))
		cut(op, cells, page, LEVELS, empty);
	for (unsigned page = 0; page < PAGES; page++)
		leaves |= cells[page] != before[page] && (cells[page] & CELL_MAPPED);
	expected->gets = spec_tables(cells) - spec_tables(before);
	return leaves;
}

void spec_meet(struct expected *expected, enum vmm_gpt_error error, unsigned level, unsigned page)
{
	expected->error = error;
	expected->level = level;
	expected->entry_kind = ENTRY_PTE;
	expected->page = page;
}

/* The level of the entry that the way to a page ends in. */
unsigned spec_entry_level(const uint8_t *cells, unsigned page)
{
	unsigned level = LEVELS;

	while (spec_is_table(cells, page, level))
		level--;
	return level;
}

static void do_populate(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			struct expected *expected)
{
	uint8_t before[PAGES];

	memcpy(before, cells, PAGES);
	for (unsigned page = 0; page < PAGES; page += span_of(LEVELS))
		populate(alphabet, op, cells, page, LEVELS);
	expected->changed = memcmp(before, cells, PAGES);
	expected->gets = spec_tables(cells) - spec_tables(before);
	expected->entry_kind = ENTRY_NUMBER;
	expected->number = expected->gets;
}

static void do_vacate(const struct op *op, uint8_t *cells, struct expected *expected)
{
	unsigned before;

	for (unsigned page = op->from; page < op->to; page++) {
		if (cells[page] & CELL_MAPPED) {
			spec_meet(expected, VMM_GPT_STILL_MAPPED, cell_level(cells[page]), page);
			return;
		}
	}
	spec_cut_all(op, cells, true, expected);
	before = spec_tables(cells);
	for (unsigned page = op->from; page < op->to; page++) {
		expected->changed |= cells[page];
		cells[page] = 0;
	}
	expected->taken = before - spec_tables(cells);
	if (expected->taken)
		expected->flush = VMM_GPT_FLUSH_REQUIRED;
	expected->entry_kind = ENTRY_NUMBER;
}

static void do_split(const struct op *op, uint8_t *cells, struct expected *expected)
{
	unsigned level = cell_level(cells[op->from]);

	if (op->level < 1 || op->level > LEVELS) {
		expected->error = VMM_GPT_NOT_EXPRESSIBLE;
		return;
	}
	if (!cells[op->from])
		expected->error = VMM_GPT_NOT_POPULATED;
	else
		expected->level = (uint8_t)level;
	if (level <= op->level)
		return;
	expected->gets = level - op->level;
	expected->changed = true;
	expected->level = op->level;
	expected->entry_kind = ENTRY_NUMBER;
	expected->number = expected->gets;
	if (cells[op->from] & CELL_MAPPED)
		expected->flush = VMM_GPT_FLUSH_REQUIRED;
	for (; level > op->level; level--)
		spec_fill(cells, op->from, level, with_level(cells[op->from], level - 1));
}

/* The table below the entry of this level at base: whether it can become one. */
static void check_merge(const struct alphabet *alphabet, const uint8_t *cells, unsigned base,
			unsigned level, struct expected *expected)
{
	unsigned below = level - 1, first = cells[base] & ~(CELL_A | CELL_D);

	for (unsigned page = base; page < base + span_of(level); page += span_of(below)) {
		if (spec_is_table(cells, page, below)) {
			spec_meet(expected, VMM_GPT_WRONG_SIZE, below - 1, page);
			expected->entry_kind = ENTRY_ANY;
		} else if (!cells[page]) {
			spec_meet(expected, VMM_GPT_NOT_POPULATED, below, page);
		} else if (page == base && (first & CELL_MAPPED) &&
			   (!spec_has_leaf(alphabet, level, spec_prot(alphabet, first & 7)) ||
			    (spec_run(alphabet, first & 7) + base) % span_of(level))) {
			expected->error = VMM_GPT_NOT_EXPRESSIBLE;
		} else if ((cells[page] & ~(CELL_A | CELL_D)) != first) {
			spec_meet(expected, VMM_GPT_CONFLICT, below, page);
		}
		if (expected->error)
			return;
	}
}

static void do_merge(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     struct expected *expected)
{
	unsigned level = op->level, base, ad = 0;

	if (level < 2 || !spec_has_leaf(alphabet, level, 0)) {
		expected->error = VMM_GPT_NOT_EXPRESSIBLE;
		return;
	}
	base = base_of(op->from, level);
	if (!spec_is_table(cells, base, level)) {
		expected->level = spec_entry_level(cells, base);
		if (!cells[base])
			expected->error = VMM_GPT_NOT_POPULATED;
		return;
	}
	check_merge(alphabet, cells, base, level, expected);
	if (expected->error)
		return;
	for (unsigned i = 0; i < span_of(level); i++)
		if (cells[base] & CELL_MAPPED)
			ad |= cells[base + i] & (CELL_A | CELL_D);
	spec_fill(cells, base, level, with_level(cells[base] | ad, level));
	expected->changed = true;
	expected->flush = VMM_GPT_FLUSH_REQUIRED;
	expected->taken = 1;
	expected->level = level;
	expected->entry_kind = ENTRY_PTE;
	expected->page = base;
	expected->after = true;
}

void spec_apply(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		struct expected *expected)
{
	memset(expected, 0, offsetof(struct expected, told));
	switch ((enum op_kind)op->kind) {
	case OP_POPULATE:
		do_populate(alphabet, op, cells, expected);
		break;
	case OP_VACATE:
		do_vacate(op, cells, expected);
		break;
	case OP_SPLIT:
		do_split(op, cells, expected);
		break;
	case OP_MERGE:
		do_merge(alphabet, op, cells, expected);
		break;
	case OP_MAP:
	case OP_MAP_AT:
		spec_do_map(alphabet, op, cells, expected);
		break;
	case OP_MAP_REGION:
		spec_do_map_region(alphabet, op, cells, expected);
		break;
	case OP_UNMAP:
		spec_do_unmap(op, cells, expected);
		break;
	case OP_UNMAP_REGION:
		spec_do_unmap_region(alphabet, op, cells, expected);
		break;
	case OP_PROTECT:
		spec_do_protect(alphabet, op, cells, expected);
		break;
	case OP_COLLECT:
		spec_do_collect(alphabet, op, cells, expected);
		break;
	case OP_RESET_A:
	case OP_RESET_D:
		spec_do_reset(op, cells, expected);
		break;
	case OP_HARDWARE:
	case OP_KINDS:
		spec_do_hardware(op, cells);
		break;
	}
}
