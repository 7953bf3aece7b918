/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All operations in all states of a table with a very small geometry, on both formats. gpt/
 * and this test are built once for each geometry. Breadth-first search, until closure or to
 * a depth. After each operation, its result, what it reported, each entry and each node must
 * match the specification, an array of pages (spec.h), and no page may be lost. If the
 * operation allocates tables, it is also run with each allocation failing, and then must
 * change nothing.
 *
 * GPT_N=n: searches with a depth go n - 1 deeper.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/exhaustive/side.h"

#define MAX_OPS 8192

/* ---- All operations ---- */

static struct op ops[MAX_OPS];
static unsigned op_count;

static void add(enum op_kind kind, unsigned from, unsigned to, unsigned level, unsigned leaf,
		unsigned flag)
{
	assert_true(op_count < MAX_OPS);
	ops[op_count++] = (struct op){ (uint8_t)kind,  (uint8_t)from, (uint8_t)to,
				       (uint8_t)level, (uint8_t)leaf, (uint8_t)flag };
}

static void add_of_range(const struct alphabet *a, unsigned from, unsigned to)
{
	add(OP_VACATE, from, to, 0, 0, 0);
	add(OP_UNMAP_REGION, from, to, 0, 0, 0);
	for (unsigned level = 1; level <= LEVELS; level++) {
		add(OP_POPULATE, from, to, level, 0, 0);
		for (unsigned leaf = 0; leaf < a->runs * a->prots * a->types; leaf++)
			for (unsigned flag = 0; flag < 2; flag++)
				add(OP_MAP_REGION, from, to, level, leaf, flag);
	}
	for (unsigned prot = 0; prot < a->prots; prot++)
		add(OP_PROTECT, from, to, 0, prot, 0);
	for (unsigned bits = 1; a->track_ad && bits < 4; bits++)
		for (unsigned clear = 0; clear < 2; clear++)
			add(OP_COLLECT, from, to, 0, bits, clear);
}

static void add_of_page(const struct alphabet *a, unsigned page)
{
	add(OP_UNMAP, page, 0, 0, 0, 0);
	for (unsigned level = 0; level <= LEVELS + 1; level++) {
		add(OP_SPLIT, page, 0, level, 0, 0);
		add(OP_MERGE, page, 0, level, 0, 0);
	}
	for (unsigned level = 1; level <= LEVELS; level++)
		for (unsigned leaf = 0; leaf < a->runs * a->prots * a->types; leaf++)
			add(OP_MAP, page, 0, level, leaf, 0);
	for (unsigned flag = 0; a->track_ad && flag < 2; flag++) {
		add(OP_RESET_A, page, 0, 0, 0, flag);
		add(OP_RESET_D, page, 0, 0, 0, flag);
		add(OP_HARDWARE, page, 0, 0, 0, flag);
	}
}

static void list_ops(const struct alphabet *a)
{
	op_count = 0;
	for (unsigned from = 0; from < PAGES; from++) {
		add_of_page(a, from);
		for (unsigned to = from + 1; to <= PAGES; to++)
			add_of_range(a, from, to);
	}
}

/* ---- The search ---- */

static uint64_t *states, *slots;
static size_t state_count, state_room, slot_count;

/* True if it is new. */
static bool learn(uint64_t key)
{
	size_t slot = (size_t)((key + 1) * 0x9e3779b97f4a7c15u >> 20) & (slot_count - 1);

	for (; slots[slot]; slot = (slot + 1) & (slot_count - 1))
		if (states[slots[slot] - 1] == key)
			return false;
	assert_true(state_count < state_room);
	states[state_count++] = key;
	slots[slot] = state_count;
	return true;
}

static uint64_t key_of(const uint8_t *cells)
{
	uint64_t key = 0;

	memcpy(&key, cells, PAGES);
	return key;
}

static void expand(const struct alphabet *alphabet, uint64_t key)
{
	struct expected expected;

	memcpy(now.cells, &key, PAGES);
	for (unsigned s = 0; s < 2; s++)
		look(&sides[s]);
	for (unsigned i = 0; i < op_count; i++) {
		now.op = ops[i];
		memcpy(now.wanted, now.cells, PAGES);
		spec_apply(alphabet, &now.op, now.wanted, &expected);
		for (unsigned s = 0; s < 2; s++)
			run_on(&sides[s], &now.op, &expected);
		if (now.op.kind == OP_MAP && cell_level(now.cells[now.op.from]) == now.op.level &&
		    now.op.from == base_of(now.op.from, now.op.level)) {
			now.op.kind = OP_MAP_AT;
			for (unsigned s = 0; s < 2; s++)
				run_on(&sides[s], &now.op, &expected);
		}
		learn(key_of(now.wanted));
	}
}

static void start(const struct alphabet *alphabet)
{
	now.alphabet = alphabet;
	for (unsigned s = 0; s < 2; s++) {
		struct vmm_gpt_hooks hooks = arena_hooks(&sides[s].arena);
		struct vmm_gpt_result result;

		memset(sides[s].arena.out, 0, sizeof(sides[s].arena.out));
		sides[s].arena.fail_at = 0;
		result = vmm_gpt_alloc(&sides[s].gpt, sides[s].format, &alphabet->caps, &hooks);
		assert_true(result.changed);
		verify_all(&sides[s], now.cells);
	}
	list_ops(alphabet);
}

static unsigned wide(void)
{
	const char *n = getenv("GPT_N");

	return n && strtoul(n, NULL, 10) ? (unsigned)strtoul(n, NULL, 10) : 1;
}

static void search(void **state)
{
	const struct alphabet *alphabet = *state;
	size_t from = 0, level_end;
	unsigned depth = 0, limit = alphabet->depth;

	if (limit)
		limit += wide() - 1;
	state_room = (size_t)1 << 24;
	slot_count = state_room * 2;
	states = calloc(state_room, sizeof(*states));
	slots = calloc(slot_count, sizeof(*slots));
	assert_true(states && slots);
	state_count = 0;
	transitions = failures_tried = 0;
	memset(now.cells, 0, PAGES);
	memset(now.wanted, 0, PAGES);
	now.format = "both";
	start(alphabet);
	learn(0);
	while (from < state_count && (!limit || depth < limit)) {
		for (level_end = state_count; from < level_end; from++)
			expand(alphabet, states[from]);
		depth++;
	}
	printf("# %u levels of %u, %s: %zu states, %llu transitions (two formats), "
	       "%llu failed allocations, %u operations, %s %u\n",
	       LEVELS, VMM_GPT_ENTRIES, alphabet->name, state_count,
	       (unsigned long long)transitions, (unsigned long long)failures_tried, op_count,
	       from < state_count ? "all sequences of length" : "closed at depth", depth);
	free(states);
	free(slots);
}

#define CAPS(...)                                                                                  \
	{                                                                                          \
		.maxphyaddr = 40, .track_ad = true, __VA_ARGS__                                    \
	}
#define RW (VMM_GPT_READ | VMM_GPT_WRITE)
#define RX (VMM_GPT_READ | VMM_GPT_EXEC)

/* Run 64 is aligned for all leaves, 129 for none. */
static const struct alphabet alphabets[] = {
#if VMM_GPT_LEVELS == 2
	{ "A and D, two rights",
	  CAPS(.leaf_2m = true),
	  1,
	  2,
	  1,
	  { 64 },
	  { RW, RX },
	  { VMM_GPT_WB },
	  true,
	  0 },
	{ "two runs, two types",
	  CAPS(.leaf_2m = true),
	  2,
	  1,
	  2,
	  { 64, 129 },
	  { VMM_GPT_RWX },
	  { VMM_GPT_WB, VMM_GPT_WP },
	  false,
	  0 },
	{ "small_exec, three rights",
	  CAPS(.leaf_2m = true, .small_exec = true),
	  1,
	  3,
	  1,
	  { 64 },
	  { RW, RX, VMM_GPT_READ },
	  { VMM_GPT_UC },
	  false,
	  0 },
	{ "no large leaves",
	  CAPS(.leaf_2m = false),
	  1,
	  1,
	  1,
	  { 64 },
	  { RW },
	  { VMM_GPT_WC },
	  true,
	  0 },
#else
	{ "one leaf",
	  CAPS(.leaf_2m = true, .leaf_1g = true),
	  1,
	  1,
	  1,
	  { 64 },
	  { RW },
	  { VMM_GPT_WB },
	  false,
	  3 },
	{ "one leaf, none of level 3",
	  CAPS(.leaf_2m = true),
	  1,
	  1,
	  1,
	  { 64 },
	  { RW },
	  { VMM_GPT_WB },
	  false,
	  3 },
	{ "A and D",
	  CAPS(.leaf_2m = true, .leaf_1g = true),
	  1,
	  1,
	  1,
	  { 64 },
	  { RW },
	  { VMM_GPT_WP },
	  true,
	  2 },
	{ "runs, rights, types, small_exec",
	  CAPS(.leaf_2m = true, .leaf_1g = true, .small_exec = true),
	  2,
	  2,
	  2,
	  { 64, 129 },
	  { RW, RX },
	  { VMM_GPT_WB, VMM_GPT_WP },
	  false,
	  2 },
#endif
};

int main(void)
{
	struct CMUnitTest tests[sizeof(alphabets) / sizeof(alphabets[0])];

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i] = (struct CMUnitTest){ alphabets[i].name, search, NULL, NULL,
						(void *)(uintptr_t)&alphabets[i] };
	return cmocka_run_group_tests_name("gpt, small geometries", tests, NULL, NULL);
}
