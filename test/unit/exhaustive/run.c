/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs one operation in one state, and the read-only operations; see side.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test/unit/exhaustive/side.h"

struct ear {
	const struct expected *expected;
	unsigned heard;
};

bool same_leaf(const struct vmm_gpt_leaf *a, const struct vmm_gpt_leaf *b)
{
	return a->pfn == b->pfn && a->prot == b->prot && a->type == b->type &&
	       a->level == b->level && a->accessed == b->accessed && a->dirty == b->dirty;
}

static void hear(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	struct ear *ear = arg;
	const struct told *told = &ear->expected->told[ear->heard++];

	CHECK(ear->heard <= ear->expected->tells);
	CHECK(told->gpa == gpa && same_leaf(&told->leaf, leaf));
}

static void hardware(struct side *side, uint64_t gpa, bool writes)
{
	unsigned level;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&side->gpt, gpa, &level);

	if (ptep && gpt_pte_is_leaf(side->format, *ptep, level))
		*ptep |= side->format->accessed | (writes ? side->format->dirty : 0);
}

static struct vmm_gpt_result run(struct side *side, const struct op *op, struct ear *ear,
				 struct vmm_gpt_retired *taken)
{
	const struct alphabet *a = now.alphabet;
	struct vmm_gpt *gpt = &side->gpt;
	uint64_t from = op->from * VMM_GPT_PAGE_SIZE, to = op->to * VMM_GPT_PAGE_SIZE;
	unsigned leaf = op->leaf % (a->runs * a->prots * a->types); /* else it is bits */
	unsigned prot = spec_prot(a, leaf), type = spec_type(a, leaf);
	uint64_t pfn = spec_run(a, leaf) + op->from;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(gpt, from, NULL);

	switch ((enum op_kind)op->kind) {
	case OP_POPULATE:
		return vmm_gpt_populate_region(gpt, from, to, op->level);
	case OP_VACATE:
		return vmm_gpt_vacate_region(gpt, from, to, taken);
	case OP_SPLIT:
		return vmm_gpt_split(gpt, from, op->level);
	case OP_MERGE:
		return vmm_gpt_merge(gpt, from, op->level, taken);
	case OP_MAP:
		return vmm_gpt_map(gpt, from, pfn, op->level, prot, type);
	case OP_MAP_AT:
		return vmm_gpt_map_at(gpt, ptep, pfn, op->level, prot, type);
	case OP_MAP_REGION:
		return vmm_gpt_map_region(gpt, from, to, pfn, prot, type, op->level,
					  op->flag ? taken : NULL);
	case OP_UNMAP:
		return vmm_gpt_unmap(gpt, from);
	case OP_UNMAP_REGION:
		return vmm_gpt_unmap_region(gpt, from, to, hear, ear);
	case OP_PROTECT:
		return vmm_gpt_protect_region(gpt, from, to, a->prot[op->leaf]);
	case OP_COLLECT:
		return vmm_gpt_collect(gpt, from, to, op->leaf, op->flag, hear, ear);
	case OP_RESET_A:
		return vmm_gpt_reset_accessed(gpt, ptep, op->flag);
	case OP_RESET_D:
		return vmm_gpt_reset_dirty(gpt, ptep, op->flag);
	case OP_HARDWARE:
	case OP_KINDS:
		break;
	}
	hardware(side, from, op->flag);
	return (struct vmm_gpt_result){ .error = VMM_GPT_OK };
}

static void check_answer(const struct side *side, const struct vmm_gpt_result *result,
			 const struct expected *expected)
{
	CHECK(result->error == expected->error);
	CHECK(result->changed == expected->changed);
	CHECK(result->flush == expected->flush);
	CHECK(result->level == expected->level);
	if (expected->entry_kind == ENTRY_NUMBER)
		CHECK(result->entry == expected->number);
	if (expected->entry_kind == ENTRY_PTE)
		CHECK(result->entry ==
		      entry_of(side, expected->after ? now.wanted : now.cells, expected->page));
}

static void put_taken(struct side *side, struct vmm_gpt_retired *taken,
		      const struct expected *expected)
{
	unsigned n = 0;

	for (const struct vmm_gpt_node *node = taken->first; node; node = node->next)
		n++;
	CHECK(n == taken->count);
	CHECK(n == expected->taken);
	vmm_gpt_free_retired(&side->gpt, taken);
	CHECK(!taken->first && !taken->count);
}

/* The k-th table that it wants is not to be had. */
static void run_failing(struct side *side, const struct op *op, unsigned k)
{
	static const struct expected none;
	struct vmm_gpt_retired taken = { 0 };
	struct ear ear = { .expected = &none };
	struct vmm_gpt_result result;

	build_all(side, now.cells);
	side->arena.fail_at = now.fail_at = k;
	result = run(side, op, &ear, &taken);
	CHECK(result.error == VMM_GPT_NO_MEMORY);
	CHECK(!result.changed && !result.flush && !taken.count);
	verify_all(side, now.cells);
	now.fail_at = 0;
	failures_tried++;
}

void run_on(struct side *side, const struct op *op, const struct expected *expected)
{
	struct vmm_gpt_retired taken = { 0 };
	struct ear ear = { .expected = expected };
	struct vmm_gpt_result result;

	now.format = side->format->name;
	for (unsigned k = 1; k <= expected->gets; k++)
		run_failing(side, op, k);
	build_all(side, now.cells);
	result = run(side, op, &ear, &taken);
	CHECK(side->arena.gets == expected->gets);
	CHECK(ear.heard == expected->tells);
	check_answer(side, &result, expected);
	put_taken(side, &taken, expected);
	verify_all(side, now.wanted);
	transitions++;
}

/* ---- What only looks ---- */

static void look_at(const struct side *side, unsigned page)
{
	uint64_t gpa = page * VMM_GPT_PAGE_SIZE + 8;
	vmm_gpt_pte_t *entries[LEVELS + 1], *ptep;
	unsigned level = 0, depth = 1;
	struct vmm_gpt_leaf leaf, wanted;

	while (spec_is_table(now.cells, page, LEVELS + 1 - depth))
		depth++;
	CHECK(vmm_gpt_walk(&side->gpt, gpa, entries, LEVELS + 1) == depth);
	CHECK(!entries[depth]);
	CHECK(*entries[depth - 1] == entry_of(side, now.cells, page));
	for (unsigned l = 1; l <= LEVELS; l++) {
		const struct vmm_gpt_node *node = vmm_gpt_node_at(&side->gpt, gpa, l);

		CHECK(!node == (l <= LEVELS - depth));
		CHECK(!node ||
		      (node->level == l && node->gpa == base_of(page, l + 1) * VMM_GPT_PAGE_SIZE));
	}
	ptep = vmm_gpt_lookup(&side->gpt, gpa, &level);
	CHECK(ptep == (now.cells[page] ? entries[depth - 1] : NULL));
	CHECK(level == cell_level(now.cells[page]));
	CHECK(vmm_gpt_is_mapped(&side->gpt, ptep, level, &leaf) ==
	      !!(now.cells[page] & CELL_MAPPED));
	if (!(now.cells[page] & CELL_MAPPED))
		return;
	wanted = spec_leaf(now.alphabet, now.cells, page);
	CHECK(same_leaf(&leaf, &wanted));
}

static void next_from(const struct side *side, unsigned from, unsigned to)
{
	unsigned cell = now.cells[from], end = from + 1;
	struct vmm_gpt_extent e;
	struct vmm_gpt_leaf leaf;

	CHECK(vmm_gpt_next(&side->gpt, from * VMM_GPT_PAGE_SIZE, to * VMM_GPT_PAGE_SIZE, &e));
	if (cell & CELL_MAPPED)
		end = base_of(from, cell_level(cell)) + span_of(cell_level(cell));
	else
		while (end < to && !(now.cells[end] & CELL_MAPPED) && !now.cells[end] == !cell)
			end++;
	CHECK(e.start == from * VMM_GPT_PAGE_SIZE);
	CHECK(e.end == (end < to ? end : to) * VMM_GPT_PAGE_SIZE);
	CHECK(e.kind == (cell & CELL_MAPPED ? VMM_GPT_MAPPED :
			 cell		    ? VMM_GPT_EMPTY :
					      VMM_GPT_HOLE));
	if (!(cell & CELL_MAPPED))
		return;
	leaf = spec_leaf(now.alphabet, now.cells, from);
	CHECK(same_leaf(&leaf, &e.leaf));
	CHECK(e.gpa == base_of(from, leaf.level) * VMM_GPT_PAGE_SIZE);
}

void look(struct side *side)
{
	now.format = side->format->name;
	build_all(side, now.cells);
	verify_all(side, now.cells);
	for (unsigned from = 0; from < PAGES; from++) {
		look_at(side, from);
		for (unsigned to = from + 1; to <= PAGES; to++)
			next_from(side, from, to);
	}
}
