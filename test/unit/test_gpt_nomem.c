/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each operation that allocates tables, in several states of the table. Its allocations fail
 * from the k-th on, for each k until it succeeds. Each failure must be reported and change
 * nothing, byte for byte. On success, the number of tables allocated must be the number
 * added: exactly so many suffice.
 *
 * (test/unit/exhaustive does the same in all states of small geometries.)
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

/* ---- States to begin from ---- */

static void empty(struct fixture *f)
{
	(void)f;
}

/* Here and there a table, with holes in it. */
static void scattered(struct fixture *f)
{
	static const uint64_t at[] = {
		0, 2 * MIB, GIB - PAGE, GIB + 4 * MIB, 512 * GIB, TOP - PAGE
	};

	for (unsigned i = 0; i < 6; i++) {
		vmm_gpt_populate_region(&f->gpt, at[i], at[i] + PAGE, 1);
		map(f, at[i], 0x100 + i);
	}
}

/* 3 GiB, by entries as large as can be. */
static void large_and_empty(struct fixture *f)
{
	vmm_gpt_populate_region(&f->gpt, 0, 3 * GIB, 3);
}

static void map_as(struct fixture *f, unsigned max_level)
{
	struct vmm_gpt_result r;

	vmm_gpt_populate_region(&f->gpt, 0, 3 * GIB, max_level);
	r = vmm_gpt_map_region(&f->gpt, 0, 3 * GIB, 0, RWX, WB, max_level, NULL);
	assert_result(r, VMM_GPT_OK, true);
	hardware_sets(f, GIB, f->gpt.format->accessed | f->gpt.format->dirty);
}

static void leaves_of_1g(struct fixture *f)
{
	map_as(f, 3);
}

static void leaves_of_2m(struct fixture *f)
{
	map_as(f, 2);
}

/* A leaf of 1 GiB, leaves of 2 MiB, and an empty entry of 1 GiB. */
static void mixed(struct fixture *f)
{
	vmm_gpt_populate_region(&f->gpt, 0, 3 * GIB, 3);
	vmm_gpt_map(&f->gpt, 0, 0, 3, RWX, WB);
	vmm_gpt_split(&f->gpt, GIB, 2);
	vmm_gpt_map_region(&f->gpt, GIB, 2 * GIB, GIB / PAGE, RWX, WB, 2, NULL);
}

/* ---- Operations ---- */

struct range {
	uint64_t start, end;
};

typedef struct vmm_gpt_result op_fn(struct fixture *f, struct range at);

static struct vmm_gpt_result do_alloc(struct fixture *f, struct range at)
{
	struct vmm_gpt_hooks hooks = fake_hooks(&f->fake);
	struct vmm_gpt_result result;
	struct vmm_gpt other;

	(void)at;
	result = vmm_gpt_alloc(&other, f->gpt.format, &fake_caps, &hooks);
	vmm_gpt_free(&other);
	return result;
}

static struct vmm_gpt_result do_populate_1(struct fixture *f, struct range at)
{
	return vmm_gpt_populate_region(&f->gpt, at.start, at.end, 1);
}

static struct vmm_gpt_result do_populate_2(struct fixture *f, struct range at)
{
	return vmm_gpt_populate_region(&f->gpt, at.start, at.end, 2);
}

static struct vmm_gpt_result do_populate_3(struct fixture *f, struct range at)
{
	return vmm_gpt_populate_region(&f->gpt, at.start, at.end, 3);
}

static struct vmm_gpt_result do_vacate(struct fixture *f, struct range at)
{
	return vmm_gpt_vacate_region(&f->gpt, at.start, at.end, &f->taken);
}

static struct vmm_gpt_result do_map_region(struct fixture *f, struct range at)
{
	return vmm_gpt_map_region(&f->gpt, at.start, at.end, at.start / PAGE, RWX, WB, 3,
				  &f->taken);
}

/* A run that no large leaf can map. */
static struct vmm_gpt_result do_map_small(struct fixture *f, struct range at)
{
	return vmm_gpt_map_region(&f->gpt, at.start, at.end, at.start / PAGE + 1, RWX, WB, 3, NULL);
}

static void hears_nothing(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	const struct fixture *f = arg;

	(void)gpa;
	(void)leaf;
	assert_false(f->fake.fail_at && f->fake.gets >= f->fake.fail_at);
}

static struct vmm_gpt_result do_unmap_region(struct fixture *f, struct range at)
{
	return vmm_gpt_unmap_region(&f->gpt, at.start, at.end, hears_nothing, f);
}

static struct vmm_gpt_result do_protect(struct fixture *f, struct range at)
{
	return vmm_gpt_protect_region(&f->gpt, at.start, at.end, VMM_GPT_READ);
}

static struct vmm_gpt_result do_split_1(struct fixture *f, struct range at)
{
	return vmm_gpt_split(&f->gpt, at.start, 1);
}

static struct vmm_gpt_result do_split_2(struct fixture *f, struct range at)
{
	return vmm_gpt_split(&f->gpt, at.start, 2);
}

/* tables: what it is to add, counted by hand. */
struct nomem {
	void (*state)(struct fixture *f);
	op_fn *op;
	struct range at;
	unsigned tables;
};

static const struct nomem cases[] = {
	{ empty, do_alloc, { 0, 0 }, 1 },
	{ empty, do_populate_1, { 0, PAGE }, 3 },
	{ empty, do_populate_1, { GIB - 3 * MIB, GIB + 3 * MIB }, 1 + 2 + 4 },
	{ empty, do_populate_1, { 512 * GIB - PAGE, 512 * GIB + PAGE }, 6 },
	{ empty, do_populate_1, { TOP - 5 * MIB, TOP }, 1 + 1 + 3 },
	{ scattered, do_populate_1, { 0, 5 * MIB }, 1 },
	{ scattered, do_populate_1, { GIB - 2 * PAGE, GIB + 2 * PAGE }, 1 },
	{ scattered, do_populate_1, { 512 * GIB - PAGE, 512 * GIB + PAGE }, 2 },
	{ large_and_empty, do_populate_1, { 0, 4 * GIB }, 1 + 512 },
	{ empty, do_populate_2, { 0, 2 * MIB }, 2 },
	{ empty, do_populate_2, { PAGE, 8 * MIB - PAGE }, 2 + 2 },
	{ empty, do_populate_2, { PAGE, 2 * MIB - PAGE }, 2 + 1 },
	{ scattered, do_populate_2, { 0, GIB }, 0 },
	{ scattered, do_populate_2, { 0, 2 * GIB + PAGE }, 1 + 1 },
	{ empty, do_populate_3, { 0, 4 * GIB }, 1 },
	{ empty, do_populate_3, { GIB - 2 * MIB, 4 * GIB + 2 * MIB }, 1 + 2 },
	{ empty, do_populate_3, { GIB - PAGE, 4 * GIB + PAGE }, 1 + 2 + 2 },
	{ empty, do_populate_3, { GIB + PAGE, 2 * GIB - PAGE }, 1 + 1 + 2 },
	{ empty, do_populate_3, { 511 * GIB - PAGE, 513 * GIB }, 2 + 1 + 1 },
	{ scattered, do_populate_3, { 0, 512 * GIB }, 0 },
	{ large_and_empty, do_vacate, { 0, 3 * GIB }, 0 },
	{ large_and_empty, do_vacate, { PAGE, 3 * GIB }, 2 },
	{ large_and_empty, do_vacate, { GIB + PAGE, GIB + 2 * PAGE }, 2 },
	{ large_and_empty, do_vacate, { PAGE, 2 * MIB + PAGE }, 1 + 2 },
	{ large_and_empty, do_vacate, { 2 * MIB, 3 * GIB - 2 * MIB }, 1 + 1 },
	{ large_and_empty, do_vacate, { GIB - PAGE, 2 * GIB + PAGE }, 2 + 2 },
	{ large_and_empty, do_map_region, { 0, 3 * GIB }, 0 },
	{ large_and_empty, do_map_region, { 2 * MIB, 3 * GIB - PAGE }, 1 + 2 },
	{ large_and_empty, do_map_region, { GIB + PAGE, GIB + 4 * MIB }, 2 },
	{ large_and_empty, do_map_region, { GIB + PAGE, GIB + 4 * MIB - PAGE }, 1 + 2 },
	{ large_and_empty, do_map_small, { GIB - 3 * MIB, GIB + 3 * MIB }, 2 + 4 },
	{ mixed, do_map_region, { PAGE, 2 * GIB + PAGE }, 2 },
	{ leaves_of_1g, do_map_region, { PAGE, 3 * GIB - PAGE }, 0 },
	{ leaves_of_1g, do_unmap_region, { 0, 3 * GIB }, 0 },
	{ leaves_of_1g, do_unmap_region, { PAGE, 3 * GIB - 2 * MIB }, 2 + 1 },
	{ leaves_of_1g, do_unmap_region, { GIB + PAGE, GIB + 2 * MIB - PAGE }, 2 },
	{ leaves_of_1g, do_unmap_region, { GIB + PAGE, GIB + 4 * MIB - PAGE }, 1 + 2 },
	{ leaves_of_2m, do_unmap_region, { PAGE, 3 * GIB - PAGE }, 2 },
	{ mixed, do_unmap_region, { GIB - PAGE, GIB + PAGE }, 2 + 1 },
	{ mixed, do_unmap_region, { GIB - PAGE, 2 * GIB + PAGE }, 2 },
	{ leaves_of_1g, do_protect, { 2 * MIB, GIB + PAGE }, 1 + 2 },
	{ leaves_of_1g, do_protect, { PAGE, 2 * PAGE }, 2 },
	{ leaves_of_2m, do_protect, { 4 * MIB - PAGE, 4 * MIB + PAGE }, 2 },
	{ mixed, do_protect, { GIB - 2 * MIB, GIB + PAGE }, 1 + 1 },
	{ leaves_of_1g, do_split_1, { GIB + 5 * PAGE, 0 }, 2 },
	{ leaves_of_1g, do_split_2, { GIB + 5 * PAGE, 0 }, 1 },
	{ leaves_of_2m, do_split_1, { GIB, 0 }, 1 },
	{ large_and_empty, do_split_1, { 0, 0 }, 2 },
	{ large_and_empty, do_split_2, { 3 * GIB - PAGE, 0 }, 1 },
};

/* All there is, without what the allocator hands out and takes back. */
static uint64_t hash_of(const struct fixture *f)
{
	return fake_hash(&f->fake) ^ f->gpt.tables * 0x9e3779b97f4a7c15u ^
	       f->taken.count * 0xbf58476d1ce4e5b9u ^ (uintptr_t)f->taken.first;
}

static void try_case(struct fixture *f, const struct nomem *c)
{
	uint64_t hash, tables = f->gpt.tables, out = f->fake.out;
	struct vmm_gpt_result r;

	hash = hash_of(f);
	for (unsigned k = 1; k <= c->tables; k++) {
		fake_fail_at(&f->fake, k);
		r = c->op(f, c->at);
		assert_result(r, VMM_GPT_NO_MEMORY, false);
		assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
		assert_int_equal(f->fake.gets, k);
		assert_int_equal(f->fake.out, out);
		assert_int_equal(hash_of(f), hash);
	}
	/* No more than it needs: one further call would fail. */
	fake_fail_at(&f->fake, c->tables + 1);
	r = c->op(f, c->at);
	assert_int_equal(f->fake.gets, c->tables);
	fake_fail_at(&f->fake, 0);
	assert_int_equal(r.error, VMM_GPT_OK);
	if (c->op != do_alloc)
		assert_int_equal(f->gpt.tables + f->taken.count, tables + c->tables);
	assert_int_equal(f->fake.out, f->gpt.tables + f->taken.count);
	fixture_check(f);
}

static void every_table_is_missing_once(void **state)
{
	const struct vmm_gpt_format *format = *state;
	unsigned tried = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		fixture_init(&f, format);
		f.fake.live_root = 0; /* the failing ones give back hundreds of tables */
		cases[i].state(&f);
		try_case(&f, &cases[i]);
		fixture_fini(&f);
		tried += cases[i].tables;
	}
	printf("# %s: %zu operations, %u failures\n", format->name,
	       sizeof(cases) / sizeof(cases[0]), tried);
}

#define OF_FORMAT(format)                                                                          \
	{                                                                                          \
		"every table is missing once, " #format, every_table_is_missing_once, NULL, NULL,  \
			(void *)(uintptr_t) & (vmm_gpt_##format)                                   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = { OF_FORMAT(ept), OF_FORMAT(npt) };

	return cmocka_run_group_tests_name("gpt without memory", tests, NULL, NULL);
}
