/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaves of all sizes, operations on ranges of them, read-side sections: by example. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

#define RW (VMM_GPT_READ | VMM_GPT_WRITE)

static struct vmm_gpt_result populate_as(struct fixture *f, uint64_t start, uint64_t end,
					 unsigned max_level)
{
	return vmm_gpt_populate_region(&f->gpt, start, end, max_level);
}

static struct vmm_gpt_result map_run(struct fixture *f, uint64_t start, uint64_t end, uint64_t pfn,
				     unsigned prot)
{
	return vmm_gpt_map_region(&f->gpt, start, end, pfn, prot, WB, 3, &f->taken);
}

static unsigned level_at(struct fixture *f, uint64_t gpa)
{
	unsigned level = 0;

	vmm_gpt_lookup(&f->gpt, gpa, &level);
	return level;
}

static struct vmm_gpt_leaf leaf_at(struct fixture *f, uint64_t gpa)
{
	struct vmm_gpt_leaf leaf = { 0 };
	unsigned level = 0;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&f->gpt, gpa, &level);

	assert_true(vmm_gpt_is_mapped(&f->gpt, ptep, level, &leaf));
	return leaf;
}

static void a_run_gets_the_largest_leaves(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate_as(f, 0, 4 * GIB, 3);
	/* 4 KiB up to 2 MiB, 2 MiB up to 1 GiB, two of 1 GiB, and down again. */
	r = map_run(f, 2 * MIB - PAGE, 3 * GIB + 2 * MIB + PAGE, (2 * MIB - PAGE) / PAGE, RWX);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 1 + 511 + 2 + 1 + 1);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(level_at(f, 2 * MIB - PAGE), 1);
	assert_int_equal(level_at(f, 2 * MIB), 2);
	assert_int_equal(level_at(f, GIB), 3);
	assert_int_equal(level_at(f, 3 * GIB), 2);
	assert_int_equal(level_at(f, 3 * GIB + 2 * MIB), 1);
	assert_int_equal(leaf_at(f, 2 * GIB + 5).pfn, 2 * GIB / PAGE);
	/* Again: there is nothing to do. In part: the same. */
	r = map_run(f, GIB + PAGE, 2 * GIB - PAGE, GIB / PAGE + 1, RWX);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.entry, 0);
	fixture_check(f);
}

static void a_run_at_odds_with_its_pfn_gets_small_leaves(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate_as(f, 0, 2 * GIB, 3);
	r = map_run(f, 0, 2 * MIB, 1, RWX);
	assert_int_equal(r.entry, 512);
	/* Contiguous for 2 MiB, but not for 1 GiB. */
	r = map_run(f, GIB, 2 * GIB, 512, RWX);
	assert_int_equal(r.entry, 512);
	assert_int_equal(level_at(f, GIB), 2);
	fixture_check(f);
}

static void empty_tables_give_way_if_they_may(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate_as(f, 0, 4 * MIB, 1);
	r = vmm_gpt_map_region(&f->gpt, 0, 2 * MIB, 0, RWX, WB, 3, NULL);
	assert_int_equal(r.entry, 512);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	r = map_run(f, 2 * MIB, 4 * MIB, 512, RWX);
	assert_int_equal(r.entry, 1);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_int_equal(f->taken.count, 1);
	/* Not one that has a page in it, or a hole. */
	populate_as(f, 4 * MIB, 8 * MIB, 1);
	map(f, 4 * MIB + PAGE, 1025);
	r = map_run(f, 4 * MIB, 6 * MIB, 1024, RWX);
	assert_int_equal(r.entry, 511);
	vmm_gpt_vacate_region(&f->gpt, 6 * MIB, 6 * MIB + PAGE, &f->taken);
	r = map_run(f, 6 * MIB, 8 * MIB, 1536, RWX);
	assert_result(r, VMM_GPT_NOT_POPULATED, false);
	r = map_run(f, 6 * MIB + PAGE, 8 * MIB, 1537, RWX);
	assert_int_equal(r.entry, 511);
	fixture_check(f);
}

static void a_run_in_conflict_maps_nothing(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;
	uint64_t hash;

	populate_as(f, 0, GIB, 2);
	vmm_gpt_map(&f->gpt, GIB - 2 * MIB, 0, 2, RWX, WB);
	hash = fake_hash(&f->fake);
	r = map_run(f, 0, GIB, 0, RWX);
	assert_result(r, VMM_GPT_CONFLICT, false);
	assert_int_equal(r.level, 2);
	assert_result(map_run(f, 0, GIB + PAGE, 0, RWX), VMM_GPT_CONFLICT, false);
	assert_result(map_run(f, 0, PAGE, 0, VMM_GPT_WRITE), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(map_run(f, 0, 2 * PAGE, (UINT64_C(1) << 34) - 1, RWX),
		      VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(map_run(f, 0, 2 * PAGE, UINT64_MAX, RWX), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_map_region(&f->gpt, 0, PAGE, 0, RWX, WB, 0, NULL),
		      VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(map_run(f, 0, PAGE + 1, 0, RWX), VMM_GPT_MISALIGNED, false);
	assert_result(map_run(f, PAGE, PAGE, 0, RWX), VMM_GPT_OUT_OF_RANGE, false);
	assert_int_equal(fake_hash(&f->fake), hash);
}

static void small_exec_keeps_executable_leaves_small(void **state)
{
	struct fixture *f = *state;

	f->gpt.caps.small_exec = true;
	populate_as(f, 0, 4 * MIB, 2);
	assert_result(vmm_gpt_map(&f->gpt, 0, 0, 2, RWX, WB), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_int_equal(map_run(f, 0, 2 * MIB, 0, RW).entry, 1);
	assert_int_equal(map_run(f, 2 * MIB, 4 * MIB, 512, RWX).entry, 512);
	assert_result(vmm_gpt_protect_region(&f->gpt, 0, 4 * MIB, RWX), VMM_GPT_NOT_EXPRESSIBLE,
		      false);
	assert_result(vmm_gpt_merge(&f->gpt, 2 * MIB, 2, &f->taken), VMM_GPT_NOT_EXPRESSIBLE,
		      false);
	/* Split, it may become executable. */
	vmm_gpt_split(&f->gpt, 0, 1);
	assert_result(vmm_gpt_protect_region(&f->gpt, 0, 4 * MIB, RWX), VMM_GPT_OK, true);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	vmm_gpt_protect_region(&f->gpt, 0, 4 * MIB, RW);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_OK, true);
	fixture_check(f);
}

static void leaves_of_1g_only_beside_2m(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_hooks hooks = fake_hooks(&f->fake);
	struct vmm_gpt_caps caps = fake_caps;
	struct vmm_gpt_retired taken = { 0 };
	struct vmm_gpt gpt;

	caps.leaf_2m = false;
	vmm_gpt_alloc(&gpt, f->gpt.format, &caps, &hooks);
	assert_int_equal(vmm_gpt_populate_region(&gpt, 0, GIB, 3).entry, 2 + 512);
	assert_result(vmm_gpt_map(&gpt, 0, 0, 3, RWX, WB), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_merge(&gpt, 0, 3, &taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	vmm_gpt_free(&gpt);
	/* The other way round: 2 MiB, but not 1 GiB. */
	caps = fake_caps;
	caps.leaf_1g = false;
	vmm_gpt_alloc(&gpt, f->gpt.format, &caps, &hooks);
	assert_int_equal(vmm_gpt_populate_region(&gpt, 0, GIB, 3).entry, 2);
	assert_int_equal(vmm_gpt_map_region(&gpt, 0, GIB, 0, RWX, WB, 3, NULL).entry, 512);
	assert_result(vmm_gpt_merge(&gpt, 0, 3, &taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	vmm_gpt_free(&gpt);
}

static void split_inherits_and_merge_gathers(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty;
	struct vmm_gpt_result r;

	populate_as(f, 0, GIB, 3);
	vmm_gpt_map(&f->gpt, 0, 0, 3, RW, VMM_GPT_WP);
	hardware_sets(f, 0, a);
	r = vmm_gpt_split(&f->gpt, 5 * MIB, 1);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 2);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	for (uint64_t gpa = 0; gpa < GIB; gpa += gpa < 8 * MIB ? PAGE : 2 * MIB) {
		struct vmm_gpt_leaf leaf = leaf_at(f, gpa);

		assert_int_equal(leaf.level, gpa / (2 * MIB) == 2 ? 1 : 2);
		assert_int_equal(leaf.pfn,
				 (leaf.level == 1 ? gpa : gpa / (2 * MIB) * 2 * MIB) / PAGE);
		assert_true(leaf.prot == RW && leaf.type == VMM_GPT_WP);
		assert_true(leaf.accessed && !leaf.dirty);
	}
	hardware_sets(f, 4 * MIB + 77 * PAGE, d);
	r = vmm_gpt_merge(&f->gpt, 0, 3, &f->taken);
	assert_result(r, VMM_GPT_WRONG_SIZE, false);
	assert_int_equal(r.level, 1);
	assert_result(vmm_gpt_merge(&f->gpt, 5 * MIB, 2, &f->taken), VMM_GPT_OK, true);
	assert_true(leaf_at(f, 4 * MIB).dirty);
	r = vmm_gpt_merge(&f->gpt, 0, 3, &f->taken);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_true(leaf_at(f, 0).dirty && leaf_at(f, 0).level == 3);
	assert_int_equal(f->taken.count, 2);
	assert_int_equal(f->gpt.tables, 2);
}

static void merge_refuses(void **state)
{
	struct fixture *f = *state;
	uint64_t hash;

	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_NOT_POPULATED, false);
	assert_result(vmm_gpt_merge(&f->gpt, TOP, 2, &f->taken), VMM_GPT_OUT_OF_RANGE, false);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 1, &f->taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 4, &f->taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 9, &f->taken), VMM_GPT_NOT_EXPRESSIBLE, false);
	populate_as(f, 0, 4 * MIB, 1);
	for (unsigned i = 0; i < 511; i++)
		map(f, i * PAGE, 512 + i);
	hash = fake_hash(&f->fake);
	/* One that is empty, one of another pfn, a hole. */
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_CONFLICT, false);
	assert_int_equal(fake_hash(&f->fake), hash);
	map(f, 511 * PAGE, 5);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_CONFLICT, false);
	vmm_gpt_unmap(&f->gpt, 511 * PAGE);
	vmm_gpt_vacate_region(&f->gpt, 511 * PAGE, 512 * PAGE, &f->taken);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_NOT_POPULATED, false);
	/* A run that begins where no large page does. */
	for (unsigned i = 0; i < 512; i++)
		map(f, 2 * MIB + i * PAGE, 513 + i);
	assert_result(vmm_gpt_merge(&f->gpt, 2 * MIB, 2, &f->taken), VMM_GPT_NOT_EXPRESSIBLE,
		      false);
	assert_int_equal(f->taken.count, 0);
	fixture_check(f);
}

static void split_refuses(void **state)
{
	struct fixture *f = *state;

	assert_result(vmm_gpt_split(&f->gpt, TOP, 1), VMM_GPT_OUT_OF_RANGE, false);
	assert_result(vmm_gpt_split(&f->gpt, 0, 0), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_split(&f->gpt, 0, 5), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_split(&f->gpt, 0, 1), VMM_GPT_NOT_POPULATED, false);
	populate_as(f, 0, 2 * MIB, 2);
	assert_result(vmm_gpt_split(&f->gpt, 0, 2), VMM_GPT_OK, false);
	assert_int_equal(vmm_gpt_split(&f->gpt, 0, 1).flush, VMM_GPT_FLUSH_NONE);
}

static void protect_flushes_when_a_right_goes(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate_as(f, 0, 4 * MIB, 2);
	map_run(f, 0, 4 * MIB, 0, RW);
	hardware_sets(f, 0, f->gpt.format->dirty);
	r = vmm_gpt_protect_region(&f->gpt, 0, 4 * MIB, RWX);
	assert_int_equal(r.entry, 1024);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	r = vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB + PAGE, VMM_GPT_READ);
	assert_int_equal(r.entry, 513);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_true(leaf_at(f, 0).dirty);
	assert_int_equal(leaf_at(f, 2 * MIB).prot, VMM_GPT_READ);
	assert_int_equal(leaf_at(f, 2 * MIB + PAGE).prot, RWX);
	r = vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, VMM_GPT_READ);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.entry, 0);
	assert_result(vmm_gpt_protect_region(&f->gpt, 0, PAGE, VMM_GPT_WRITE),
		      VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_protect_region(&f->gpt, 0, 1, RW), VMM_GPT_MISALIGNED, false);
	fixture_check(f);
}

static void count_leaf(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	(void)gpa;
	*(uint64_t *)arg += leaf->level;
}

static void collect_tells_and_clears(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty, sum = 0;
	struct vmm_gpt_result r;

	populate_as(f, 0, 2 * MIB + 2 * PAGE, 2);
	map_run(f, 0, 2 * MIB + 2 * PAGE, 0, RWX);
	hardware_sets(f, 0, a | d);
	hardware_sets(f, 2 * MIB, a);
	r = vmm_gpt_collect(&f->gpt, PAGE, 4 * MIB, VMM_GPT_ACCESSED, false, count_leaf, &sum);
	assert_result(r, VMM_GPT_OK, false);
	assert_true(r.entry == 2 && sum == 2 + 1 && r.flush == VMM_GPT_FLUSH_NONE);
	r = vmm_gpt_collect(&f->gpt, 0, 4 * MIB, VMM_GPT_ACCESSED, true, NULL, NULL);
	assert_result(r, VMM_GPT_OK, true);
	assert_true(r.entry == 2 && r.flush == VMM_GPT_FLUSH_OPTIONAL);
	assert_true(leaf_at(f, 0).dirty && !leaf_at(f, 0).accessed);
	r = vmm_gpt_collect(&f->gpt, 0, PAGE, VMM_GPT_DIRTY, true, NULL, NULL);
	assert_true(r.entry == 1 && r.flush == VMM_GPT_FLUSH_REQUIRED);
	r = vmm_gpt_collect(&f->gpt, 0, TOP, VMM_GPT_ACCESSED | VMM_GPT_DIRTY, true, NULL, NULL);
	assert_result(r, VMM_GPT_OK, false);
	r = vmm_gpt_collect(&f->gpt, 0, TOP + PAGE, VMM_GPT_DIRTY, true, NULL, NULL);
	assert_result(r, VMM_GPT_OUT_OF_RANGE, false);
}

/* 11: what was never populated looked populated, and holes were not seen. */
static void next_sees_every_byte_once(void **state)
{
	static const struct {
		uint64_t end;
		enum vmm_gpt_extent_kind kind;
	} wanted[] = {
		{ PAGE, VMM_GPT_HOLE },
		{ 2 * PAGE, VMM_GPT_MAPPED },
		{ 4 * PAGE, VMM_GPT_EMPTY },
		{ 2 * MIB, VMM_GPT_HOLE },
		{ 4 * MIB, VMM_GPT_MAPPED },
		{ 6 * MIB + PAGE, VMM_GPT_EMPTY },
		{ 600 * GIB - PAGE, VMM_GPT_HOLE },
		{ 600 * GIB, VMM_GPT_EMPTY },
		{ TOP, VMM_GPT_HOLE },
	};
	struct fixture *f = *state;
	struct vmm_gpt_extent e;
	uint64_t gpa = 0;

	populate_as(f, PAGE, 4 * PAGE, 1);
	populate_as(f, 2 * MIB, 6 * MIB + PAGE, 2);
	populate_as(f, 600 * GIB - PAGE, 600 * GIB, 1);
	map(f, PAGE, 9);
	vmm_gpt_map(&f->gpt, 2 * MIB, 512, 2, RWX, WB);
	for (unsigned i = 0; i < 9; i++, gpa = e.end) {
		assert_true(vmm_gpt_next(&f->gpt, gpa, TOP, &e));
		assert_int_equal(e.start, gpa);
		assert_int_equal(e.end, wanted[i].end);
		assert_int_equal(e.kind, wanted[i].kind);
	}
	assert_false(vmm_gpt_next(&f->gpt, TOP, TOP, &e));
	assert_false(vmm_gpt_next(&f->gpt, 0, TOP + PAGE, &e));
	/* The middle of a leaf: all of it is told, too. */
	assert_true(vmm_gpt_next(&f->gpt, 3 * MIB, 3 * MIB + PAGE, &e));
	assert_true(e.gpa == 2 * MIB && e.leaf.pfn == 512 && e.end == 3 * MIB + PAGE);
}

static void grace_waits_for_old_sections_only(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_reader one, two;
	uint64_t first, second;

	assert_true(vmm_gpt_grace_elapsed(&f->gpt, vmm_gpt_grace_start(&f->gpt)));
	vmm_gpt_register_reader(&f->gpt, &one);
	vmm_gpt_register_reader(&f->gpt, &two);
	assert_true(vmm_gpt_grace_elapsed(&f->gpt, vmm_gpt_grace_start(&f->gpt)));
	vmm_gpt_read_lock(&f->gpt, &one);
	first = vmm_gpt_grace_start(&f->gpt);
	assert_false(vmm_gpt_grace_elapsed(&f->gpt, first));
	/* Who comes later found it gone already. */
	vmm_gpt_read_lock(&f->gpt, &two);
	second = vmm_gpt_grace_start(&f->gpt);
	assert_true(second > first);
	vmm_gpt_read_unlock(&one);
	assert_true(vmm_gpt_grace_elapsed(&f->gpt, first));
	assert_false(vmm_gpt_grace_elapsed(&f->gpt, second));
	vmm_gpt_read_lock(&f->gpt, &one);
	assert_false(vmm_gpt_grace_elapsed(&f->gpt, second));
	vmm_gpt_read_unlock(&two);
	assert_true(vmm_gpt_grace_elapsed(&f->gpt, second));
	vmm_gpt_read_unlock(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(a_run_gets_the_largest_leaves),
		BOTH_FORMATS(a_run_at_odds_with_its_pfn_gets_small_leaves),
		BOTH_FORMATS(empty_tables_give_way_if_they_may),
		BOTH_FORMATS(a_run_in_conflict_maps_nothing),
		BOTH_FORMATS(small_exec_keeps_executable_leaves_small),
		BOTH_FORMATS(leaves_of_1g_only_beside_2m),
		BOTH_FORMATS(split_inherits_and_merge_gathers),
		BOTH_FORMATS(merge_refuses),
		BOTH_FORMATS(split_refuses),
		BOTH_FORMATS(protect_flushes_when_a_right_goes),
		BOTH_FORMATS(collect_tells_and_clears),
		BOTH_FORMATS(next_sees_every_byte_once),
		BOTH_FORMATS(grace_waits_for_old_sections_only),
	};

	return cmocka_run_group_tests_name("gpt, leaves of all sizes", tests, NULL, NULL);
}
