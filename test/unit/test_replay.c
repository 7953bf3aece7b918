/* SPDX-License-Identifier: BSD-2-Clause */
/* The replay of a guest's steps; each number here was counted by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/suite/replay.h"

#define P   UINT64_C(0x1000)
#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

static struct guest guest;
static struct replay_machine machine;
static struct replay r;
static unsigned nsteps;

/* A page, 4 MiB, a page; a ROM; and 2 GiB. */
static int begin(void **state)
{
	(void)state;
	guest = (struct guest){
		.regions = {
			{ .start = 4 * MIB - P, .size = 4 * MIB + 2 * P },
			{ .kind = REGION_ROM, .start = 16 * MIB, .size = 2 * MIB },
			{ .start = 4 * GIB, .size = 2 * GIB },
		},
	};
	machine = (struct replay_machine){ .max_level = 1,
					   .blocks = { 0, 0, 2000, 3 },
					   .pages = UINT64_MAX };
	nsteps = 0;
	return 0;
}

static void step(unsigned what, uint64_t gpa, uint64_t count, uint64_t stride)
{
	guest.expect.steps[nsteps++] = (struct guest_step){ (uint8_t)what, gpa, count, stride };
}

static void assert_leaf(uint64_t gpa, unsigned level, bool accessed, bool dirty)
{
	const struct replay_leaf *leaf = replay_leaf(gpa, level);

	assert_non_null(leaf);
	assert_int_equal(leaf->accessed, accessed);
	assert_int_equal(leaf->dirty, dirty);
}

static void run(unsigned level)
{
	machine.max_level = level;
	replay_guest(&guest, &machine, &r);
}

/* Data gets large leaves, a fetch one of 4 KiB: split from it, or at once. */
static void large_leaves_that_are_not_executable(void **state)
{
	(void)state;
	machine.small_exec = true;
	step(STEP_WRITE, 4 * MIB, 1, 0);
	step(STEP_EXEC, 4 * MIB + 5 * P, 2, P);
	step(STEP_WRITE, 4 * MIB + 5 * P, 2, P);
	step(STEP_EXEC, 6 * MIB, 1, 0);
	step(STEP_WRITE, 6 * MIB, 2, P);
	step(STEP_READ, 16 * MIB, 1, 0);
	run(2);
	assert_int_equal(r.counts.write, 2); /* 4 MiB, and 6 MiB and a page */
	assert_int_equal(r.counts.exec, 3);
	assert_int_equal(r.counts.read, 1);
	assert_int_equal(r.counts.granted, 2);
	assert_int_equal(r.counts.splits, 1);
	assert_int_equal(r.counts.pages, 512 + 1 + 1 + 512);
	assert_int_equal(r.counts.tables, 2 + 1 + 1); /* two on the way, a split one, a small one */
	assert_int_equal(r.leaves[1], 512 + 2);
	assert_int_equal(r.leaves[2], 1);
	assert_false(replay_leaf(4 * MIB, 1)->executable);
	assert_true(replay_leaf(4 * MIB + 5 * P, 1)->executable);
	assert_true(replay_leaf(6 * MIB, 1)->executable);
	assert_false(replay_leaf(16 * MIB, 2)->executable || replay_leaf(16 * MIB, 2)->writable);
}

/* A merge takes the right to execute, and the next fetch splits again. */
static void they_are_merged_as_data(void **state)
{
	(void)state;
	machine.small_exec = true;
	step(STEP_WRITE, 4 * MIB, 1, 0);
	step(STEP_EXEC, 4 * MIB, 512, P);
	step(STEP_MEMORY + MEMORY_MERGE, 4 * MIB, 1, P);
	run(2);
	assert_int_equal(r.counts.exec, 512);
	assert_int_equal(r.counts.merges, 1);
	assert_int_equal(r.leaves[2], 1);
	assert_false(replay_leaf(4 * MIB, 2)->executable);
	step(STEP_EXEC, 4 * MIB + P, 1, 0);
	run(2);
	assert_int_equal(r.counts.exec, 513);
	assert_int_equal(r.counts.splits, 2);
	assert_true(replay_leaf(4 * MIB + P, 1)->executable);
	assert_false(replay_leaf(4 * MIB, 1)->executable);
}

static void each_first_touch_is_a_fault(void **state)
{
	(void)state;
	step(STEP_READ, 4 * MIB - P, 3, P);
	step(STEP_WRITE, 4 * MIB, 1, 0);
	step(STEP_WRITE, 5 * MIB, 2, P);
	step(STEP_WALK, 8 * MIB, 1, 0);
	step(STEP_EXEC, 4 * MIB + P, 1, 0);
	run(1);
	assert_int_equal(r.counts.read, 3);
	assert_int_equal(r.counts.write, 2);
	assert_int_equal(r.counts.walk, 1);
	assert_int_equal(r.counts.exec, 0);
	assert_int_equal(r.counts.pages, 6);
	assert_int_equal(r.counts.tables, 2 + 3); /* below 4, from 4 and from 8 MiB on */
	assert_leaf(4 * MIB - P, 1, true, false);
	assert_leaf(4 * MIB, 1, true, true);
	run(2);
	assert_int_equal(r.counts.read, 2);
	assert_int_equal(r.counts.write, 0);
	assert_int_equal(r.counts.walk, 1);
	assert_int_equal(r.counts.pages, 1 + 512 + 1);
	assert_int_equal(r.counts.tables, 2 + 2);
	assert_int_equal(r.leaves[2], 1);
	assert_leaf(4 * MIB, 2, true, true);
}

static void what_there_is_no_block_for_gets_smaller(void **state)
{
	(void)state;
	machine.blocks[3] = 1;
	step(STEP_WRITE, 4 * GIB, 2, GIB);
	run(3);
	assert_int_equal(r.leaves[3], 1);
	assert_int_equal(r.leaves[2], 1);
	assert_int_equal(r.counts.smaller, 1);
	assert_int_equal(r.counts.tables, 1 + 1);
	machine.pages = 3 + 2; /* three tables and two pages, then one to a table that is there */
	nsteps = 0;
	step(STEP_WRITE, 4 * GIB, 9, P);
	run(2);
	assert_int_equal(r.end_gpa, 4 * GIB + 2 * P);
	assert_int_equal(r.counts.write, 3);
	assert_int_equal(r.counts.pages, 2);
}

static void what_is_denied_ends_it(void **state)
{
	(void)state;
	step(STEP_EXEC, 16 * MIB, 1, 0);
	step(STEP_WRITE, 16 * MIB, 1, 0);
	step(STEP_READ, 4 * MIB, 1, 0);
	run(2);
	assert_int_equal(r.counts.exec, 1);
	assert_int_equal(r.counts.write, 1);
	assert_int_equal(r.counts.read, 0);
	assert_leaf(16 * MIB, 2, true, false);
}

static void changes(void **state)
{
	(void)state;
	step(STEP_WRITE, 4 * GIB, 1, 0);
	step(STEP_MEMORY + MEMORY_SPLIT, 4 * GIB + 3 * MIB, 1, P);
	run(3);
	assert_int_equal(r.leaves[3], 0);
	assert_int_equal(r.leaves[2], 511);
	assert_int_equal(r.leaves[1], 512);
	assert_int_equal(r.counts.splits, 2);
	assert_leaf(4 * GIB + 3 * MIB, 1, true, true);
	step(STEP_MEMORY + MEMORY_CLEAN, 4 * GIB, 1, GIB);
	step(STEP_MEMORY + MEMORY_READ_ONLY, 4 * GIB + 2 * MIB, 1, P);
	step(STEP_MEMORY + MEMORY_MERGE, 4 * GIB + 2 * MIB, 1, P);
	run(3);
	assert_int_equal(r.counts.merges, 0); /* one of them is read-only */
	step(STEP_WRITE, 4 * GIB + 2 * MIB, 1, 0);
	step(STEP_MEMORY + MEMORY_MERGE, 4 * GIB + 2 * MIB, 1, P);
	run(3);
	assert_int_equal(r.counts.write, 2);
	assert_int_equal(r.counts.granted, 1);
	assert_int_equal(r.counts.merges, 2);
	assert_int_equal(r.leaves[3], 1);
	assert_leaf(4 * GIB, 3, true, true);
	step(STEP_MEMORY + MEMORY_UNMAP, 4 * GIB + 2 * MIB, 1, 2 * MIB);
	run(3);
	assert_int_equal(r.counts.splits, 3);
	assert_int_equal(r.leaves[2], 511);
	assert_null(replay_leaf(4 * GIB + 2 * MIB, 2));
	run(1);
	assert_int_equal(r.counts.splits + r.counts.merges + r.counts.granted, 0);
	assert_int_equal(r.leaves[1], 1); /* the other one was unmapped again */
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_first_touch_is_a_fault),
		TEST(large_leaves_that_are_not_executable),
		TEST(they_are_merged_as_data),
		TEST(what_there_is_no_block_for_gets_smaller),
		TEST(what_is_denied_ends_it),
		TEST(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
