/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "gpt/format.h"
#include "test/unit/interleave/world.h"

#define POISON UINT64_C(0xdbdbdbdbdbdbdbdb)

static uint64_t arena[TABLES][PAGE / 8] __attribute__((aligned(4096)));

struct state live;
bool live_is_ept;
const char *world_broken;
void (*world_on_get)(uint64_t pfn);
void (*world_on_put)(uint64_t pfn);

void broken(const char *why)
{
	if (!world_broken)
		world_broken = why;
}

vmm_gpt_pte_t *world_table(uint64_t pfn)
{
	return arena[pfn];
}

bool world_entry(const vmm_gpt_pte_t *ptep, uint64_t *pfn, unsigned *index)
{
	uintptr_t offset = (uintptr_t)ptep - (uintptr_t)arena;

	*pfn = offset / PAGE;
	*index = offset % PAGE / sizeof(*ptep);
	return offset < sizeof(arena);
}

static struct vmm_gpt_node *get_table(void *ctx)
{
	(void)ctx;
	for (uint64_t pfn = 1; pfn < TABLES; pfn++) {
		if (live.use[pfn] != TABLE_FREE)
			continue;
		live.use[pfn] = TABLE_OUT;
		memset(arena[pfn], 0, sizeof(arena[pfn]));
		memset(&live.nodes[pfn], 0xdb, sizeof(live.nodes[pfn]));
		live.nodes[pfn].pfn = pfn;
		if (world_on_get)
			world_on_get(pfn);
		return &live.nodes[pfn];
	}
	broken("the test has too few table pages");
	return NULL;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	uint64_t pfn = (uint64_t)(node - live.nodes);

	(void)ctx;
	if (pfn < 1 || pfn >= TABLES || node->pfn != pfn || live.use[pfn] != TABLE_OUT) {
		broken("a page was given back that was not out");
		return;
	}
	if (world_on_put)
		world_on_put(pfn);
	live.use[pfn] = TABLE_GONE;
	for (unsigned i = 0; i < ENTRIES; i++)
		arena[pfn][i] = POISON;
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	(void)ctx;
	if (pfn < 1 || pfn >= TABLES || live.use[pfn] != TABLE_OUT) {
		broken("node_of: no table page");
		return &live.nodes[0];
	}
	return &live.nodes[pfn];
}

void world_begin(const struct vmm_gpt_format *format, bool small_exec)
{
	const struct vmm_gpt_caps caps = {
		.maxphyaddr = 40,
		.leaf_2m = true,
		.leaf_1g = true,
		.exec_only = true,
		.track_ad = true,
		.small_exec = small_exec,
	};
	const struct vmm_gpt_hooks hooks = {
		.page_base = (uintptr_t)arena,
		.get_table = get_table,
		.put_table = put_table,
		.node_of = node_of,
	};

	memset(arena, 0, sizeof(arena));
	memset(&live, 0, sizeof(live));
	world_broken = NULL;
	live_is_ept = format == &vmm_gpt_ept;
	if (vmm_gpt_alloc(&live.gpt, format, &caps, &hooks).error)
		broken("no root");
	for (unsigned i = 0; i < OPS; i++)
		vmm_gpt_register_reader(&live.gpt, &live.sections[i]);
}

void world_save(struct image *image)
{
	memcpy(&image->state, &live, sizeof(live));
	for (unsigned i = 0; i < TABLES; i++)
		memcpy(image->entries[i], arena[i], sizeof(image->entries[i]));
}

void world_load(const struct image *image)
{
	memcpy(&live, &image->state, sizeof(live));
	for (unsigned i = 0; i < TABLES; i++)
		memcpy(arena[i], image->entries[i], sizeof(image->entries[i]));
}

static void complain(void *arg, uint64_t gpa, unsigned level, uint64_t entry, const char *what)
{
	(void)arg;
	(void)gpa;
	(void)level;
	(void)entry;
	broken(what);
}

void world_check(void)
{
	uint64_t out = 0, taken = 0;

	if (world_broken)
		return;
	vmm_gpt_check(&live.gpt, complain, NULL);
	for (unsigned i = 1; i < TABLES; i++)
		out += live.use[i] == TABLE_OUT;
	for (const struct vmm_gpt_node *n = live.taken.first; n && taken < TABLES; n = n->next)
		taken++;
	if (taken != live.taken.count)
		broken("tables taken out are not counted");
	if (out != taken + live.gpt.tables)
		broken("a table page was lost");
}

static void fill(unsigned first, unsigned count, unsigned level)
{
	for (unsigned page = first; page < first + count; page += 1u << (level - 1))
		vmm_gpt_map(&live.gpt, page * PAGE, RUN_A + page, level,
			    live.gpt.caps.small_exec ? VMM_GPT_READ | VMM_GPT_WRITE : VMM_GPT_RWX,
			    TYPE);
}

static void populate(unsigned first, unsigned count, unsigned max_level)
{
	vmm_gpt_populate_region(&live.gpt, first * PAGE, (first + count) * PAGE, max_level);
}

static void touch(unsigned page, bool dirty)
{
	const struct vmm_gpt_format *format = live.gpt.format;

	*vmm_gpt_lookup(&live.gpt, page * PAGE, NULL) |=
		format->accessed | (dirty ? format->dirty : 0);
}

static void start_mixed(void)
{
	populate(0, 2, 2);
	populate(2, 2, 1);
	populate(4, 4, 2);
	fill(0, 2, 2);
	fill(2, 2, 1);
	touch(1, false);
	touch(3, true);
}

static void start_partly(void)
{
	populate(0, 2, 1);
	populate(3, 1, 1);
	fill(0, 1, 1);
	fill(3, 1, 1);
	touch(3, true);
}

void world_start(enum start start, const struct vmm_gpt_format *format, bool small_exec)
{
	static const unsigned levels[STARTS] = {
		[START_EMPTY_4K] = 1, [START_EMPTY_LARGE] = 2, [START_EMPTY_HUGE] = 3,
		[START_LEAF_4K] = 1,  [START_FULL_4K] = 1,     [START_FULL_AD] = 1,
		[START_LARGE] = 2,    [START_HUGE] = 3,
	};

	world_begin(format, small_exec);
	if (levels[start])
		populate(0, PAGES, levels[start]);
	if (start == START_LEAF_4K)
		fill(0, 1, 1);
	if (start >= START_FULL_4K && start <= START_HUGE)
		fill(0, PAGES, levels[start]);
	if (start == START_FULL_AD || start == START_LARGE)
		touch(0, true);
	if (start == START_FULL_AD || start == START_HUGE)
		touch(1, false);
	if (start == START_PARTLY)
		start_partly();
	if (start == START_MIXED)
		start_mixed();
	world_check();
}

const char *start_name(enum start start)
{
	static const char *const names[STARTS] = {
		"vacant", "empty",   "empty-large", "empty-huge", "leaf",  "partly",
		"full",	  "full-ad", "large",	    "huge",	  "mixed",
	};

	return names[start];
}
