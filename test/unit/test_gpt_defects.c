/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The defects of the page table that this one replaces: a test for each, with its name, on
 * both formats. Numbers 7 and 12 are in test_gpt_race.c, 7 also in
 * inject_race/test_gpt_late.c; 9, for each operation that allocates, in test_gpt_nomem.c;
 * 11, as seen by vmm_gpt_next, in test_gpt_large.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

/* 1: populating counted, so that vacating had to be done as often. */
static void defect_1_populated_is_a_set(void **state)
{
	struct fixture *f = *state;

	assert_result(populate(f, 0, 4 * PAGE), VMM_GPT_OK, true);
	assert_result(populate(f, 0, 4 * PAGE), VMM_GPT_OK, false);
	assert_result(populate(f, PAGE, 2 * PAGE), VMM_GPT_OK, false);
	assert_result(vacate(f, 0, 4 * PAGE), VMM_GPT_OK, true);
	assert_int_equal(f->gpt.tables, 1);
	assert_result(vacate(f, 0, 4 * PAGE), VMM_GPT_OK, false);
	/* Vacating what was never populated, beside a live mapping. */
	populate(f, 0, PAGE);
	map(f, 0, 1);
	assert_result(vacate(f, PAGE, 2 * PAGE), VMM_GPT_OK, false);
	assert_result(vacate(f, PAGE, 2 * PAGE), VMM_GPT_OK, false);
	assert_maps(f, 0, 1);
}

/* 2: vacating a mapped region freed its tables. */
static void defect_2_vacate_refuses_what_is_mapped(void **state)
{
	static const uint64_t at[] = { 0, 511 * PAGE, 600 * PAGE, 1535 * PAGE };
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate(f, 0, 6 * MIB);
	vacate(f, 3 * PAGE, 5 * PAGE);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t hash;

		map(f, at[i], 50 + i);
		hash = fake_hash(&f->fake);
		r = vacate(f, 0, 6 * MIB);
		assert_result(r, VMM_GPT_STILL_MAPPED, false);
		assert_int_equal(r.level, 1);
		assert_int_equal(vpeo_pte_pfn(f->gpt.format, r.entry, 1), 50 + i);
		assert_int_equal(fake_hash(&f->fake), hash);
		assert_int_equal(f->taken.count, 0);
		vmm_gpt_unmap(&f->gpt, at[i]);
	}
	assert_result(vacate(f, 0, 6 * MIB), VMM_GPT_OK, true);
}

/* 3: another mapping over a live one looked like a race between equals. */
static void defect_3_another_mapping_is_a_conflict(void **state)
{
	static const struct {
		uint64_t pfn;
		unsigned prot, type;
	} other[] = {
		{ 8, RWX, WB },		 { 7, VMM_GPT_READ | VMM_GPT_WRITE, WB },
		{ 7, VMM_GPT_READ, WB }, { 7, RWX, VMM_GPT_UC },
		{ 7, RWX, VMM_GPT_WT },
	};
	struct fixture *f = *state;
	uint64_t was;

	populate(f, 0, PAGE);
	map(f, 0, 7);
	hardware_sets(f, 0, f->gpt.format->accessed);
	was = *vmm_gpt_lookup(&f->gpt, 0, NULL);
	for (unsigned i = 0; i < 5; i++) {
		struct vmm_gpt_result r =
			vmm_gpt_map(&f->gpt, 0, other[i].pfn, 1, other[i].prot, other[i].type);

		assert_result(r, VMM_GPT_CONFLICT, false);
		assert_int_equal(r.level, 1);
		assert_int_equal(r.entry, was);
	}
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), was);
}

/* 4: entries that hardware refuses were written. (All values: test_gpt_format.c.) */
static void defect_4_what_is_not_expressible_is_refused(void **state)
{
	static const unsigned bad[] = { 0, VMM_GPT_WRITE, VMM_GPT_WRITE | VMM_GPT_EXEC, 8, 15 };
	struct fixture *f = *state;

	populate(f, 0, PAGE);
	for (unsigned i = 0; i < 5; i++)
		assert_result(vmm_gpt_map(&f->gpt, 0, 1, 1, bad[i], WB), VMM_GPT_NOT_EXPRESSIBLE,
			      false);
	for (unsigned type = 0; type < 16; type++)
		if (type == 2 || type == 3 || type > 6)
			assert_result(vmm_gpt_map(&f->gpt, 0, 1, 1, RWX, type),
				      VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), 0);
	assert_result(map(f, 0, 1), VMM_GPT_OK, true);
}

/* 5: an unpopulated gpa was dereferenced, one beyond 2^48 was another one's. */
static void defect_5_gpas_without_a_slot(void **state)
{
	struct fixture *f = *state;

	assert_result(map(f, 0, 1), VMM_GPT_NOT_POPULATED, false);
	populate(f, 0, PAGE);
	assert_result(map(f, PAGE, 1), VMM_GPT_NOT_POPULATED, false);
	assert_result(map(f, 2 * MIB, 1), VMM_GPT_NOT_POPULATED, false);
	assert_result(map(f, GIB, 1), VMM_GPT_NOT_POPULATED, false);
	assert_result(map(f, 512 * GIB, 1), VMM_GPT_NOT_POPULATED, false);
	assert_result(map(f, TOP, 1), VMM_GPT_OUT_OF_RANGE, false);
	assert_null(vmm_gpt_lookup(&f->gpt, TOP, NULL));
	assert_null(vmm_gpt_lookup(&f->gpt, -PAGE, NULL));
	assert_null(vmm_gpt_lookup(&f->gpt, PAGE, NULL));
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), 0);
}

/* 6: dirty on an empty slot blocked it, resetting accessed dropped dirty. */
static void defect_6_a_and_d_are_of_leaves_only(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty;
	vmm_gpt_pte_t *entries[4];
	struct vmm_gpt_result r;

	populate(f, 0, PAGE);
	vmm_gpt_walk(&f->gpt, 0, entries, 4);
	for (unsigned on = 0; on < 2; on++) {
		for (unsigned i = 0; i < 4; i++) {
			uint64_t was = *entries[i];

			enum vmm_gpt_error error =
				i < 3 ? VMM_GPT_WRONG_SIZE : VMM_GPT_NOT_POPULATED;

			assert_result(vmm_gpt_reset_dirty(&f->gpt, entries[i], on), error, false);
			assert_result(vmm_gpt_reset_accessed(&f->gpt, entries[i], on), error,
				      false);
			assert_int_equal(*entries[i], was);
		}
		/* Its neighbour is vacant. */
		assert_result(vmm_gpt_reset_dirty(&f->gpt, entries[3] + 1, on),
			      VMM_GPT_NOT_POPULATED, false);
		assert_int_equal(entries[3][1], VMM_GPT_VACANT);
	}
	assert_result(vmm_gpt_reset_dirty(&f->gpt, NULL, true), VMM_GPT_NOT_POPULATED, false);
	assert_result(map(f, 0, 7), VMM_GPT_OK, true);
	assert_int_equal(*entries[3] & (a | d), 0);
	hardware_sets(f, 0, a | d);
	r = vmm_gpt_reset_accessed(&f->gpt, entries[3], false);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_OPTIONAL);
	assert_int_equal(r.entry & (a | d), a | d);
	assert_int_equal(*entries[3] & (a | d), d);
	assert_result(vmm_gpt_reset_accessed(&f->gpt, entries[3], false), VMM_GPT_OK, false);
	r = vmm_gpt_reset_dirty(&f->gpt, entries[3], false);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	r = vmm_gpt_reset_dirty(&f->gpt, entries[3], true);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(*entries[3] & (a | d), d);
	assert_maps(f, 0, 7);
}

/* 8: a large leaf was walked as a table. */
static void defect_8_a_large_leaf_is_no_table(void **state)
{
	struct fixture *f = *state;
	vmm_gpt_pte_t *entries[4], *ptep;
	struct vmm_gpt_result r;
	struct vmm_gpt_leaf leaf;
	unsigned level = 0;
	uint64_t large;

	populate(f, 0, PAGE);
	r = vmm_gpt_populate_region(&f->gpt, 2 * MIB, 4 * MIB, 2);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 0);
	r = vmm_gpt_map(&f->gpt, 2 * MIB, 0x200, 2, RWX, WB);
	assert_result(r, VMM_GPT_OK, true);
	large = r.entry;
	assert_int_equal(vmm_gpt_walk(&f->gpt, 2 * MIB + 5 * PAGE, entries, 4), 3);
	assert_int_equal(*entries[2], large);
	ptep = vmm_gpt_lookup(&f->gpt, 2 * MIB + 5 * PAGE, &level);
	assert_ptr_equal(ptep, entries[2]);
	assert_int_equal(level, 2);
	assert_true(vmm_gpt_is_mapped(&f->gpt, ptep, level, &leaf));
	assert_int_equal(leaf.pfn, 0x200);
	assert_null(vmm_gpt_node_at(&f->gpt, 2 * MIB, 1));
	assert_result(map(f, 2 * MIB + PAGE, 0x201), VMM_GPT_OK, false);
	r = map(f, 2 * MIB + PAGE, 0x200);
	assert_result(r, VMM_GPT_CONFLICT, false);
	assert_int_equal(r.level, 2);
	assert_int_equal(r.entry, large);
	assert_result(vmm_gpt_reset_dirty(&f->gpt, ptep, true), VMM_GPT_OK, true);
	assert_result(vmm_gpt_reset_dirty(&f->gpt, ptep, false), VMM_GPT_OK, true);
	assert_result(populate(f, 0, 4 * MIB), VMM_GPT_OK, true);
	assert_int_equal(*ptep, large);
	assert_result(vacate(f, 0, 4 * MIB), VMM_GPT_STILL_MAPPED, false);
	assert_int_equal(*ptep, large);
	r = vmm_gpt_unmap_region(&f->gpt, 2 * MIB + PAGE, 4 * MIB, NULL, NULL);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 511);
	assert_maps(f, 2 * MIB, 0x200);
	r = vmm_gpt_unmap_region(&f->gpt, 0, 4 * MIB, NULL, NULL);
	assert_int_equal(r.entry, 1);
}

/* 9: there was no way to fail. k: which of the calls for a page fails. */
static void defect_9_populate_is_all_or_nothing(void **state)
{
	static const struct {
		uint64_t start, end;
	} regions[] = {
		{ 0, PAGE },
		{ GIB - 3 * MIB, GIB + 3 * MIB },
		{ 512 * GIB - PAGE, 512 * GIB + PAGE },
		{ TOP - 5 * MIB, TOP },
	};
	struct fixture *f = *state;

	populate(f, 511 * GIB, 511 * GIB + PAGE);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t hash = fake_hash(&f->fake), k = 0;
		struct vmm_gpt_result r;

		do {
			assert_int_equal(fake_hash(&f->fake), hash);
			fake_fail_at(&f->fake, ++k);
			r = populate(f, regions[i].start, regions[i].end);
		} while (r.error == VMM_GPT_NO_MEMORY);
		assert_result(r, VMM_GPT_OK, true);
		assert_int_equal(r.entry, k - 1);
		assert_true(k > 2);
		/* What is populated needs no memory any more, nor does vacating. */
		fake_fail_at(&f->fake, 1);
		assert_result(populate(f, regions[i].start, regions[i].end), VMM_GPT_OK, false);
		assert_result(vacate(f, regions[i].start, regions[i].end), VMM_GPT_OK, true);
		fake_fail_at(&f->fake, 0);
	}
}

/* 10: tables were freed before any flush. */
static void defect_10_taken_tables_are_handed_out(void **state)
{
	struct fixture *f = *state;
	uint64_t out, n = 0;

	populate(f, 0, 4 * MIB);
	out = f->fake.out;
	assert_result(vacate(f, 0, 2 * MIB), VMM_GPT_OK, true);
	assert_int_equal(f->taken.count, 1);
	assert_result(vacate(f, 2 * MIB, 4 * MIB), VMM_GPT_OK, true);
	assert_int_equal(f->taken.count, 4);
	assert_int_equal(f->fake.out, out);
	for (struct vmm_gpt_node *node = f->taken.first; node; node = node->next)
		n++;
	assert_int_equal(n, 4);
	vmm_gpt_free_retired(&f->gpt, &f->taken);
	assert_int_equal(f->fake.out, 1);
	assert_null(f->taken.first);
	assert_int_equal(f->taken.count, 0);
	vmm_gpt_free_retired(&f->gpt, &f->taken);
}

/* 11: a vacate that began in a hole, or crossed one, left tables behind. */
static void defect_11_vacate_across_holes(void **state)
{
	static const struct {
		uint64_t start, end;
	} ranges[] = {
		{ 0, TOP },
		{ 0, 600 * GIB },
		{ 2 * MIB, 600 * GIB },
		{ 3 * GIB + 5 * PAGE, 513 * GIB },
		{ 5 * GIB, TOP },
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < 5; i++) {
		populate(f, 5 * GIB, 5 * GIB + PAGE);
		populate(f, 5 * GIB + 6 * MIB, 5 * GIB + 10 * MIB);
		populate(f, 512 * GIB + 7 * PAGE, 512 * GIB + 9 * PAGE);
		assert_result(vacate(f, ranges[i].start, ranges[i].end), VMM_GPT_OK, true);
		assert_int_equal(f->gpt.tables, 1);
		assert_int_equal(f->taken.count, 8);
		vmm_gpt_free_retired(&f->gpt, &f->taken);
	}
}

/* The same with entries of 2 MiB and 1 GiB. */
static void defect_1_large_entries_are_a_set(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt *gpt = &f->gpt;

	assert_result(vmm_gpt_populate_region(gpt, 0, GIB + 4 * MIB, 3), VMM_GPT_OK, true);
	assert_result(vmm_gpt_populate_region(gpt, 0, GIB + 4 * MIB, 3), VMM_GPT_OK, false);
	assert_result(vmm_gpt_populate_region(gpt, 0, GIB + 4 * MIB, 1), VMM_GPT_OK, false);
	assert_result(vacate(f, PAGE, GIB + 4 * MIB), VMM_GPT_OK, true);
	assert_int_equal(fixture_check(f), 1);
	assert_result(vacate(f, PAGE, TOP), VMM_GPT_OK, false);
	assert_result(vacate(f, 0, PAGE), VMM_GPT_OK, true);
	assert_int_equal(f->gpt.tables, 1);
}

static void defect_2_vacate_refuses_large_leaves(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;
	uint64_t hash;

	vmm_gpt_populate_region(&f->gpt, 0, 3 * GIB, 3);
	vmm_gpt_map(&f->gpt, GIB, 0, 3, RWX, WB);
	hash = fake_hash(&f->fake);
	/* All of it, a part of it, and what would have to be split before. */
	for (uint64_t start = GIB - PAGE; start < 2 * GIB; start += 513 * MIB) {
		r = vacate(f, start, start + 2 * PAGE);
		assert_result(r, VMM_GPT_STILL_MAPPED, false);
		assert_int_equal(r.level, 3);
		assert_int_equal(fake_hash(&f->fake), hash);
	}
	assert_result(vacate(f, 0, 3 * GIB), VMM_GPT_STILL_MAPPED, false);
	assert_int_equal(fake_hash(&f->fake), hash);
}

static void defect_3_also_for_large_leaves(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;
	uint64_t was;

	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB, 2);
	vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB);
	hardware_sets(f, 0, f->gpt.format->dirty);
	was = *vmm_gpt_lookup(&f->gpt, 0, NULL);
	r = vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, VMM_GPT_WP);
	assert_result(r, VMM_GPT_CONFLICT, false);
	assert_int_equal(r.entry, was);
	assert_result(vmm_gpt_map(&f->gpt, 0, 1024, 2, RWX, WB), VMM_GPT_CONFLICT, false);
	assert_result(vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB), VMM_GPT_OK, false);
	/* By pages of it: the right one, its neighbour's, the right one otherwise. */
	assert_result(map(f, 7 * PAGE, 519), VMM_GPT_OK, false);
	assert_result(map(f, 7 * PAGE, 518), VMM_GPT_CONFLICT, false);
	assert_result(vmm_gpt_map(&f->gpt, 7 * PAGE, 519, 1, VMM_GPT_READ, WB), VMM_GPT_CONFLICT,
		      false);
	r = vmm_gpt_map_region(&f->gpt, PAGE, 3 * PAGE, 514, RWX, WB, 2, NULL);
	assert_result(r, VMM_GPT_CONFLICT, false);
	assert_int_equal(r.entry, was);
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), was);
}

static void defect_5_nor_any_other_operation(void **state)
{
	static const struct {
		uint64_t start, end;
	} bad[] = {
		{ TOP, TOP + PAGE }, { TOP - PAGE, TOP + PAGE }, { -PAGE, 0 }, { -PAGE, PAGE }
	};
	struct fixture *f = *state;
	struct vmm_gpt *gpt = &f->gpt;
	struct vmm_gpt_extent extent;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t start = bad[i].start, end = bad[i].end;

		assert_result(vmm_gpt_map_region(gpt, start, end, 0, RWX, WB, 3, NULL),
			      VMM_GPT_OUT_OF_RANGE, false);
		assert_result(vmm_gpt_protect_region(gpt, start, end, RWX), VMM_GPT_OUT_OF_RANGE,
			      false);
		assert_result(vmm_gpt_collect(gpt, start, end, 3, true, NULL, NULL),
			      VMM_GPT_OUT_OF_RANGE, false);
		assert_false(vmm_gpt_next(gpt, start, end, &extent));
	}
	assert_result(vmm_gpt_split(gpt, -PAGE, 1), VMM_GPT_OUT_OF_RANGE, false);
	assert_result(vmm_gpt_merge(gpt, TOP, 2, &f->taken), VMM_GPT_OUT_OF_RANGE, false);
	/* Where nothing is populated there is nothing to be done. */
	assert_result(vmm_gpt_map_region(gpt, 0, PAGE, 0, RWX, WB, 3, NULL), VMM_GPT_NOT_POPULATED,
		      false);
	assert_result(vmm_gpt_protect_region(gpt, 0, TOP, RWX), VMM_GPT_OK, false);
	assert_result(vmm_gpt_collect(gpt, 0, TOP, 3, true, NULL, NULL), VMM_GPT_OK, false);
	assert_result(vmm_gpt_split(gpt, 0, 1), VMM_GPT_NOT_POPULATED, false);
	assert_result(vmm_gpt_merge(gpt, 0, 2, &f->taken), VMM_GPT_NOT_POPULATED, false);
	assert_null(vmm_gpt_node_at(gpt, -PAGE, 4));
}

static void defect_6_large_entries(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty;
	vmm_gpt_pte_t *ptep;

	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB, 2);
	ptep = vmm_gpt_lookup(&f->gpt, 0, NULL);
	assert_result(vmm_gpt_reset_dirty(&f->gpt, ptep, true), VMM_GPT_NOT_POPULATED, false);
	assert_int_equal(*ptep, 0);
	assert_result(vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB), VMM_GPT_OK, true);
	assert_int_equal(*ptep & (a | d), 0);
	hardware_sets(f, 0, a | d);
	assert_result(vmm_gpt_reset_accessed(&f->gpt, ptep, false), VMM_GPT_OK, true);
	assert_int_equal(*ptep & (a | d), d);
	/* With a table below it, it is none of theirs. */
	vmm_gpt_split(&f->gpt, 0, 1);
	assert_result(vmm_gpt_reset_dirty(&f->gpt, ptep, false), VMM_GPT_WRONG_SIZE, false);
}

/* What merge and map_region take out is handed out as well, and stays frozen. */
static void defect_10_merged_tables_are_handed_out(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_reader section;
	struct vmm_gpt_result r;
	vmm_gpt_pte_t *slot;
	uint64_t stamp;

	vmm_gpt_register_reader(&f->gpt, &section);
	vmm_gpt_populate_region(&f->gpt, 0, 2 * MIB, 2);
	vmm_gpt_map(&f->gpt, 0, 512, 2, RWX, WB);
	vmm_gpt_split(&f->gpt, 0, 1);
	vmm_gpt_read_lock(&f->gpt, &section);
	slot = vmm_gpt_lookup(&f->gpt, 5 * PAGE, NULL);
	r = vmm_gpt_merge(&f->gpt, 0, 2, &f->taken);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_int_equal(f->taken.count, 1);
	stamp = vmm_gpt_grace_start(&f->gpt);
	assert_false(vmm_gpt_grace_elapsed(&f->gpt, stamp));
	/* Whoever still has it can look, but change nothing. */
	assert_true(vmm_gpt_is_mapped(&f->gpt, slot, 1, NULL));
	assert_result(vmm_gpt_reset_dirty(&f->gpt, slot, true), VMM_GPT_RETRY, false);
	assert_result(vmm_gpt_map_at(&f->gpt, slot, 5, 1, RWX, WB), VMM_GPT_RETRY, false);
	vmm_gpt_read_unlock(&section);
	assert_true(vmm_gpt_grace_elapsed(&f->gpt, stamp));
	vmm_gpt_free_retired(&f->gpt, &f->taken);
	fixture_check(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(defect_1_populated_is_a_set),
		BOTH_FORMATS(defect_1_large_entries_are_a_set),
		BOTH_FORMATS(defect_2_vacate_refuses_what_is_mapped),
		BOTH_FORMATS(defect_2_vacate_refuses_large_leaves),
		BOTH_FORMATS(defect_3_another_mapping_is_a_conflict),
		BOTH_FORMATS(defect_3_also_for_large_leaves),
		BOTH_FORMATS(defect_4_what_is_not_expressible_is_refused),
		BOTH_FORMATS(defect_5_gpas_without_a_slot),
		BOTH_FORMATS(defect_5_nor_any_other_operation),
		BOTH_FORMATS(defect_6_a_and_d_are_of_leaves_only),
		BOTH_FORMATS(defect_6_large_entries),
		BOTH_FORMATS(defect_8_a_large_leaf_is_no_table),
		BOTH_FORMATS(defect_9_populate_is_all_or_nothing),
		BOTH_FORMATS(defect_10_taken_tables_are_handed_out),
		BOTH_FORMATS(defect_10_merged_tables_are_handed_out),
		BOTH_FORMATS(defect_11_vacate_across_holes),
	};

	return cmocka_run_group_tests_name("gpt defects", tests, NULL, NULL);
}
