/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races at the last moment: right before an operation accesses an entry, another CPU, or
 * hardware, changes that entry.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/unit/inject_race/turn.h"

static void hardware_writes(struct fixture *f)
{
	*(vmm_gpt_pte_t *)(uintptr_t)other.at |= f->gpt.format->accessed | f->gpt.format->dirty;
}

static void other_unmaps(struct fixture *f)
{
	other.result = vmm_gpt_unmap(&f->gpt, 0);
	assert_true(other.result.changed);
}

static void other_splits(struct fixture *f)
{
	other.result = vmm_gpt_split(&f->gpt, 0, 1);
	assert_true(other.result.changed);
}

static void other_maps_2m(struct fixture *f)
{
	other.result = vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB);
	assert_true(other.result.changed);
}

static void other_maps_2m_and_memory_goes(struct fixture *f)
{
	other_maps_2m(f);
	fake_fail_at(&f->fake, 1);
}

static void other_unmaps_and_memory_goes(struct fixture *f)
{
	other_unmaps(f);
	fake_fail_at(&f->fake, 1);
}

static void other_maps_the_same(struct fixture *f)
{
	other.result = map(f, PAGE, 513);
}

static void other_maps_another(struct fixture *f)
{
	other.result = map(f, PAGE, 7);
}

/* [0, 2 MiB): one leaf of pfn 512, or an empty entry. */
static void large(struct fixture *f, bool mapped)
{
	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB, 2);
	if (mapped)
		vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB);
}

static void small(struct fixture *f)
{
	large(f, true);
	vmm_gpt_split(&f->gpt, 0, 1);
}

static uint64_t pages_gone, dirty_gone;

static void gone(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	(void)arg;
	(void)gpa;
	pages_gone += leaf->level == 1 ? 1 : 512;
	dirty_gone += leaf->dirty;
}

static struct vmm_gpt_result unmap_all(struct fixture *f, uint64_t start, uint64_t end)
{
	pages_gone = dirty_gone = 0;
	return vmm_gpt_unmap_region(&f->gpt, start, end, gone, NULL);
}

/* 7: counted twice, and a hardware D bit was lost. */
static void defect_7_unmap_region_is_one_step(void **state)
{
	struct fixture *f = *state;

	for (unsigned level = 1; level <= 2; level++) {
		large(f, true);
		if (level == 1)
			vmm_gpt_split(&f->gpt, 0, 1);
		arm(f, 0, level, true, 1, hardware_writes);
		assert_int_equal(unmap_all(f, 0, 2 * MIB).entry, 512);
		assert_was_late();
		assert_true(dirty_gone == 1 && pages_gone == 512);
		vmm_gpt_vacate_region(&f->gpt, 0, 2 * MIB, &f->taken);

		large(f, true);
		if (level == 1)
			vmm_gpt_split(&f->gpt, 0, 1);
		arm(f, 0, level, true, 1, other_unmaps);
		assert_int_equal(unmap_all(f, 0, 2 * MIB).entry, level == 1 ? 511 : 0);
		assert_was_late();
		vmm_gpt_vacate_region(&f->gpt, 0, 2 * MIB, &f->taken);
	}
}

static void defect_7_protect_keeps_what_hardware_sets(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;
	struct vmm_gpt_leaf leaf;

	large(f, true);
	arm(f, 0, 2, true, 1, hardware_writes);
	r = vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, VMM_GPT_READ);
	assert_was_late();
	assert_int_equal(r.entry, 512);
	vmm_gpt_is_mapped(&f->gpt, vmm_gpt_lookup(&f->gpt, 0, NULL), 2, &leaf);
	assert_true(leaf.dirty && leaf.prot == VMM_GPT_READ);
	/* What is gone gets no rights. */
	arm(f, 0, 2, true, 1, other_unmaps);
	r = vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, RWX);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), 0);
}

static void defect_7_collect_clears_what_it_told_of(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty;
	vmm_gpt_pte_t *ptep;

	large(f, true);
	ptep = vmm_gpt_lookup(&f->gpt, 0, NULL);
	hardware_sets(f, 0, a);
	arm(f, 0, 2, true, 1, hardware_writes);
	dirty_gone = 0;
	vmm_gpt_collect(&f->gpt, 0, PAGE, VMM_GPT_ACCESSED, true, gone, NULL);
	assert_was_late();
	assert_int_equal(*ptep & (a | d), d);
	assert_int_equal(dirty_gone, 1);
}

/* The size changes between the look and the change: all of it is done, once. */
static void a_late_split(void **state)
{
	struct fixture *f = *state;

	large(f, true);
	arm(f, 0, 2, true, 1, other_splits);
	assert_int_equal(unmap_all(f, 0, 2 * MIB).entry, 512);
	assert_was_late();
	assert_int_equal(pages_gone, 512);
	vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);

	large(f, true);
	arm(f, 0, 2, true, 1, other_splits);
	assert_int_equal(vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, VMM_GPT_READ).entry, 512);
	assert_was_late();
	vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);
	unmap_all(f, 0, TOP);
	vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);

	large(f, true);
	hardware_sets(f, 0, f->gpt.format->accessed);
	arm(f, 0, 2, true, 1, other_splits);
	assert_int_equal(vmm_gpt_collect(&f->gpt, 0, TOP, VMM_GPT_ACCESSED, true, NULL, NULL).entry,
			 512);
	assert_was_late();
	fixture_check(f);
}

/* The way to gpa ended in a large leaf; when it is looked at, there is a table. */
static void only_just_a_table(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_extent extent;
	struct vmm_gpt_result r;
	unsigned level;

	for (unsigned i = 0; i < 6; i++) {
		large(f, true);
		arm(f, 0, 2, false, 2, other_splits);
		if (i == 0) {
			assert_non_null(vmm_gpt_lookup(&f->gpt, PAGE, &level));
			assert_int_equal(level, 1);
		} else if (i == 1) {
			r = vmm_gpt_unmap(&f->gpt, PAGE);
			assert_result(r, VMM_GPT_OK, true);
			assert_int_equal(r.level, 1);
		} else if (i == 2) {
			assert_true(vmm_gpt_next(&f->gpt, PAGE, TOP, &extent));
			assert_int_equal(extent.leaf.level, 1);
		} else if (i == 3) {
			/* It is of the size that was asked for, by now. */
			assert_result(map(f, PAGE, 513), VMM_GPT_OK, false);
		} else if (i == 4) {
			r = vmm_gpt_collect(&f->gpt, 0, TOP, VMM_GPT_DIRTY, true, NULL, NULL);
			assert_result(r, VMM_GPT_OK, false);
		} else {
			/* Not of the size that was asked for any more. */
			arm(f, 0, 2, true, 1, other_splits);
			r = vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB);
			assert_result(r, VMM_GPT_WRONG_SIZE, false);
			assert_int_equal(r.level, 1);
		}
		assert_was_late();
		unmap_all(f, 0, TOP);
		vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);
	}
}

/* It came after the cut, and sticks out: it is cut as well. */
static void a_late_large_leaf(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	large(f, false);
	arm(f, 0, 2, false, 5, other_maps_2m);
	r = unmap_all(f, PAGE, 2 * PAGE);
	assert_was_late();
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 1);
	assert_int_equal(unmap_all(f, 0, TOP).entry, 511);
	vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);

	large(f, false);
	arm(f, 0, 2, false, 5, other_maps_2m_and_memory_goes);
	r = unmap_all(f, PAGE, 2 * PAGE);
	fake_fail_at(&f->fake, 0);
	assert_was_late();
	assert_result(r, VMM_GPT_NO_MEMORY, false);
	assert_int_equal(unmap_all(f, 0, TOP).entry, 512);
}

static void while_it_is_frozen(struct fixture *f)
{
	const uint64_t all = 2 * MIB;
	struct vmm_gpt_extent extent;
	vmm_gpt_pte_t *slot = vmm_gpt_lookup(&f->gpt, 0, NULL);

	assert_result(map(f, 0, 512), VMM_GPT_RETRY, false);
	assert_result(vmm_gpt_unmap(&f->gpt, 0), VMM_GPT_RETRY, false);
	assert_result(unmap_all(f, 0, all), VMM_GPT_RETRY, false);
	assert_result(vmm_gpt_protect_region(&f->gpt, 0, all, VMM_GPT_READ), VMM_GPT_RETRY, false);
	assert_result(vmm_gpt_collect(&f->gpt, 0, all, VMM_GPT_DIRTY, true, gone, NULL),
		      VMM_GPT_RETRY, false);
	assert_result(vmm_gpt_reset_accessed(&f->gpt, slot, true), VMM_GPT_RETRY, false);
	assert_true(vmm_gpt_is_mapped(&f->gpt, slot, 1, NULL));
	assert_true(vmm_gpt_next(&f->gpt, 0, all, &extent));
	assert_int_equal(extent.kind, VMM_GPT_MAPPED);
	assert_int_equal(extent.leaf.pfn, 512);
	other.result.changed = true;
}

static void others_wait_for_a_merge(void **state)
{
	struct fixture *f = *state;

	small(f);
	hardware_sets(f, PAGE, f->gpt.format->dirty);
	arm(f, PAGE, 1, true, 1, while_it_is_frozen);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_OK, true);
	assert_was_late();
	assert_true(*vmm_gpt_lookup(&f->gpt, 0, NULL) & f->gpt.format->dirty);
	fixture_check(f);
}

static void a_merge_takes_the_last_dirty_bit(void **state)
{
	struct fixture *f = *state;

	small(f);
	arm(f, 2 * MIB - PAGE, 1, true, 1, hardware_writes);
	assert_result(vmm_gpt_merge(&f->gpt, 0, 2, &f->taken), VMM_GPT_OK, true);
	assert_was_late();
	assert_true(*vmm_gpt_lookup(&f->gpt, 0, NULL) & f->gpt.format->dirty);
	/* A split, too. */
	vmm_gpt_reset_dirty(&f->gpt, vmm_gpt_lookup(&f->gpt, 0, NULL), false);
	arm(f, 0, 2, true, 1, hardware_writes);
	assert_result(vmm_gpt_split(&f->gpt, 0, 1), VMM_GPT_OK, true);
	assert_was_late();
	assert_true(*vmm_gpt_lookup(&f->gpt, PAGE, NULL) & f->gpt.format->dirty);
}

static struct vmm_gpt_result map_run(struct fixture *f, uint64_t end)
{
	return vmm_gpt_map_region(&f->gpt, 0, end, 512, RWX, WB, 2, &f->taken);
}

static void a_run_meets_late_leaves(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	vmm_gpt_populate_region(&f->gpt, 0, 4 * PAGE, 1);
	arm(f, PAGE, 1, true, 1, other_maps_the_same);
	r = map_run(f, 4 * PAGE);
	assert_was_late();
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 3);
	unmap_all(f, 0, TOP);
	arm(f, PAGE, 1, true, 1, other_maps_another);
	r = map_run(f, 4 * PAGE);
	assert_was_late();
	assert_result(r, VMM_GPT_CONFLICT, true);
	assert_int_equal(r.entry, other.result.entry);
	assert_int_equal(unmap_all(f, 0, TOP).entry, 2);
}

/* What agreed with the run, and is gone: now it takes a table. */
static void a_run_takes_more_tables(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	large(f, true);
	arm(f, 0, 2, false, 3, other_unmaps);
	r = map_run(f, 4 * PAGE);
	assert_was_late();
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 4);
	unmap_all(f, 0, TOP);
	vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken);

	large(f, true);
	arm(f, 0, 2, false, 3, other_unmaps_and_memory_goes);
	r = map_run(f, 4 * PAGE);
	fake_fail_at(&f->fake, 0);
	assert_was_late();
	assert_result(r, VMM_GPT_NO_MEMORY, false);
	fixture_check(f);
}

/* It is of the run, and so stays as it is. */
static void a_run_leaves_a_late_leaf(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	large(f, false);
	arm(f, 0, 2, true, 1, other_maps_2m);
	r = map_run(f, 4 * PAGE);
	assert_was_late();
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.entry, 0);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(unmap_all(f, 0, TOP).entry, 512);
}

static uint64_t other_stamp;

static void other_begins_a_grace(struct fixture *f)
{
	other_stamp = vmm_gpt_grace_start(&f->gpt);
}

static void two_begin_a_grace(void **state)
{
	struct fixture *f = *state;
	uint64_t stamp;

	other.f = f;
	other.at = &f->gpt.generation;
	other.writes = true;
	other.n = 1;
	other.act = other_begins_a_grace;
	late_turn = take_turn;
	stamp = vmm_gpt_grace_start(&f->gpt);
	assert_int_equal(stamp, other_stamp + 1);
	assert_was_late();
}

/* An empty table has given way already when another's leaf comes. */
static void a_run_that_only_took_out_a_table(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB, 1);
	arm(f, 0, 2, true, 2, other_maps_2m);
	r = map_run(f, 2 * MIB);
	assert_was_late();
	assert_int_equal(f->taken.count, 1);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 0);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
}

/* A late map of a large entry makes vacate refuse, and thaw. */
static void vacate_meets_a_late_large_leaf(void **state)
{
	struct fixture *f = *state;

	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB + 2 * PAGE, 2);
	arm(f, 0, 2, true, 1, other_maps_2m);
	assert_result(vmm_gpt_vacate_region(&f->gpt, 0, TOP, &f->taken), VMM_GPT_STILL_MAPPED,
		      false);
	assert_was_late();
	assert_int_equal(fixture_check(f), 514);
}

static uint64_t looks;

/* Whoever looks, at whatever moment, finds the page where it is. */
static void everybody_looks(bool writes, const uint64_t *ptep)
{
	struct vmm_gpt *gpt = &other.f->gpt;
	struct vmm_gpt_leaf leaf;
	vmm_gpt_pte_t *found;
	unsigned level = 0;

	(void)writes;
	(void)ptep;
	late_turn = NULL;
	found = vmm_gpt_lookup(gpt, 5 * PAGE, &level);
	assert_true(vmm_gpt_is_mapped(gpt, found, level, &leaf));
	assert_int_equal(leaf.pfn, level == 1 ? 517 : level == 2 ? 512 : 0);
	looks++;
	late_turn = everybody_looks;
}

static void every_step_is_valid(void **state)
{
	struct fixture *f = *state;

	large(f, true);
	other.f = f;
	looks = 0;
	late_turn = everybody_looks;
	vmm_gpt_split(&f->gpt, 0, 1);
	vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, VMM_GPT_READ);
	vmm_gpt_protect_region(&f->gpt, 0, 2 * MIB, RWX);
	vmm_gpt_merge(&f->gpt, 0, 2, &f->taken);
	vmm_gpt_unmap_region(&f->gpt, 2 * MIB - PAGE, 4 * MIB, NULL, NULL);
	vmm_gpt_merge(&f->gpt, 0, 2, &f->taken); /* refused: frozen, and thawed */
	map_run(f, 2 * MIB);
	late_turn = NULL;
	assert_true(looks > 4000);
	fixture_check(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(defect_7_unmap_region_is_one_step),
		BOTH_FORMATS(defect_7_protect_keeps_what_hardware_sets),
		BOTH_FORMATS(defect_7_collect_clears_what_it_told_of),
		BOTH_FORMATS(a_late_split),
		BOTH_FORMATS(only_just_a_table),
		BOTH_FORMATS(a_late_large_leaf),
		BOTH_FORMATS(others_wait_for_a_merge),
		BOTH_FORMATS(a_merge_takes_the_last_dirty_bit),
		BOTH_FORMATS(a_run_meets_late_leaves),
		BOTH_FORMATS(a_run_takes_more_tables),
		BOTH_FORMATS(a_run_that_only_took_out_a_table),
		BOTH_FORMATS(a_run_leaves_a_late_leaf),
		BOTH_FORMATS(two_begin_a_grace),
		BOTH_FORMATS(vacate_meets_a_late_large_leaf),
		BOTH_FORMATS(every_step_is_valid),
	};

	return cmocka_run_group_tests_name("gpt, at the last moment", tests, NULL, NULL);
}
