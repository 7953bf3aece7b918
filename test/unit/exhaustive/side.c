/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment, and the tree that represents an array of pages; see side.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test/unit/exhaustive/side.h"

struct side sides[2] = { { .format = &vmm_gpt_ept }, { .format = &vmm_gpt_npt } };
struct now now;
uint64_t transitions, failures_tried;

void give_up(const char *what, unsigned line)
{
	static const char *const kinds[] = { "populate",    "vacate",  "split",
					     "merge",	    "map",     "map_at",
					     "map_region",  "unmap",   "unmap_region",
					     "protect",	    "collect", "reset_accessed",
					     "reset_dirty", "hardware" };

	fprintf(stderr, "line %u: %s\n%s, %s, state", line, what, now.alphabet->name, now.format);
	for (unsigned i = 0; i < PAGES; i++)
		fprintf(stderr, " %02x", now.cells[i]);
	fprintf(stderr, "\n%s from %u to %u level %u leaf %u flag %u, fail at %u\nwanted",
		kinds[now.op.kind], now.op.from, now.op.to, now.op.level, now.op.leaf, now.op.flag,
		now.fail_at);
	for (unsigned i = 0; i < PAGES; i++)
		fprintf(stderr, " %02x", now.wanted[i]);
	fprintf(stderr, "\n");
	fail();
}

static struct vmm_gpt_node *take_page(struct arena *arena)
{
	for (unsigned pfn = 1; pfn < ARENA_PAGES; pfn++) {
		if (arena->out[pfn])
			continue;
		arena->out[pfn] = true;
		memset(arena->page[pfn], 0, VMM_GPT_ENTRIES * 8);
		memset(&arena->node[pfn], 0xdb, sizeof(arena->node[pfn]));
		arena->node[pfn].pfn = pfn;
		return &arena->node[pfn];
	}
	return NULL;
}

static struct vmm_gpt_node *get_table(void *ctx)
{
	struct arena *arena = ctx;

	arena->gets++;
	return arena->fail_at && arena->gets >= arena->fail_at ? NULL : take_page(arena);
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct arena *arena = ctx;
	uint64_t pfn = (uint64_t)(node - arena->node);

	CHECK(pfn && pfn < ARENA_PAGES && arena->out[pfn]);
	arena->out[pfn] = false;
	memset(arena->page[pfn], 0xdb, VMM_GPT_ENTRIES * 8);
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	struct arena *arena = ctx;

	CHECK(pfn && pfn < ARENA_PAGES && arena->out[pfn]);
	return &arena->node[pfn];
}

struct vmm_gpt_hooks arena_hooks(struct arena *arena)
{
	return (struct vmm_gpt_hooks){
		.ctx = arena,
		.page_base = (uintptr_t)arena->page,
		.get_table = get_table,
		.put_table = put_table,
		.node_of = node_of,
	};
}

uint64_t entry_of(const struct side *side, const uint8_t *cells, unsigned page)
{
	const struct vmm_gpt_format *format = side->format;
	struct vmm_gpt_leaf leaf;

	if (!cells[page])
		return VMM_GPT_VACANT;
	if (!(cells[page] & CELL_MAPPED))
		return 0;
	leaf = spec_leaf(now.alphabet, cells, page);
	return vpeo_map_page(format, &now.alphabet->caps, leaf.level, leaf.pfn, leaf.prot,
			     leaf.type) |
	       (leaf.accessed ? format->accessed : 0) | (leaf.dirty ? format->dirty : 0);
}

/*
 * Makes the table for what is at page. Hardware has been there before: A is set
 * in the entries of tables, where a walk for a leaf set it.
 */
static struct vmm_gpt_node *build(struct side *side, const uint8_t *cells, unsigned page,
				  unsigned level)
{
	struct vmm_gpt_node *node = take_page(&side->arena);
	uint64_t *table = side->arena.page[node->pfn];

	*node = (struct vmm_gpt_node){ .pfn = node->pfn,
				       .gpa = page * VMM_GPT_PAGE_SIZE,
				       .level = (uint16_t)level };
	side->gpt.tables++;
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++, page += span_of(level)) {
		if (spec_is_table(cells, page, level)) {
			struct vmm_gpt_node *child = build(side, cells, page, level - 1);

			child->parent = node;
			child->index = (uint16_t)i;
			table[i] = vpeo_map_table(side->format, child->pfn) |
				   (cells[page] & CELL_MAPPED ? side->format->accessed : 0);
		} else {
			table[i] = entry_of(side, cells, page);
		}
		node->in_use = (uint16_t)(node->in_use + (table[i] != VMM_GPT_VACANT));
	}
	return node;
}

void build_all(struct side *side, const uint8_t *cells)
{
	memset(side->arena.out, 0, sizeof(side->arena.out));
	side->arena.gets = side->arena.fail_at = 0;
	side->gpt.tables = 0;
	side->gpt.root = build(side, cells, 0, LEVELS);
}

/* Every entry and every node is as these cells want it. */
static void verify(const struct side *side, const uint8_t *cells, unsigned page,
		   const struct vmm_gpt_node *node)
{
	const uint64_t *table = side->arena.page[node->pfn];
	unsigned in_use = 0;

	CHECK(side->arena.out[node->pfn]);
	CHECK(node->gpa == page * VMM_GPT_PAGE_SIZE);
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++, page += span_of(node->level)) {
		const struct vmm_gpt_node *child;

		in_use += table[i] != VMM_GPT_VACANT;
		if (!spec_is_table(cells, page, node->level)) {
			CHECK(table[i] == entry_of(side, cells, page));
			continue;
		}
		CHECK(gpt_pte_is_table(side->format, table[i]));
		child = &side->arena.node[vpeo_pte_pfn(side->format, table[i], 1) % ARENA_PAGES];
		CHECK((table[i] & ~side->format->accessed) ==
		      vpeo_map_table(side->format, child->pfn));
		CHECK(child->parent == node && child->index == i &&
		      child->level == node->level - 1);
		verify(side, cells, page, child);
	}
	CHECK(node->in_use == in_use);
}

void verify_all(const struct side *side, const uint8_t *cells)
{
	unsigned out = 0;

	for (unsigned i = 0; i < ARENA_PAGES; i++)
		out += side->arena.out[i];
	CHECK(side->gpt.tables == spec_tables(cells));
	CHECK(out == side->gpt.tables);
	CHECK(side->gpt.root->level == LEVELS && !side->gpt.root->parent);
	verify(side, cells, 0, side->gpt.root);
	CHECK(vmm_gpt_check(&side->gpt, NULL, NULL) == 0);
}
