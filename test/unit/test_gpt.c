/* SPDX-License-Identifier: BSD-2-Clause */
/* The contract of gpt/, item by item, for both formats. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

static void alloc_checks_its_arguments(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_hooks hooks = fake_hooks(&f->fake);
	struct vmm_gpt_caps caps = fake_caps;
	struct vmm_gpt gpt;

	for (unsigned bits = 0; bits < 256; bits++) {
		bool good = bits >= 32 && bits <= 52;

		caps.maxphyaddr = (uint8_t)bits;
		assert_result(vmm_gpt_alloc(&gpt, f->gpt.format, &caps, &hooks),
			      good ? VMM_GPT_OK : VMM_GPT_NOT_EXPRESSIBLE, good);
		assert_int_equal(f->fake.out, good ? 2 : 1);
		vmm_gpt_free(&gpt);
		vmm_gpt_free(&gpt);
		assert_int_equal(f->fake.out, 1);
	}
	fake_fail_at(&f->fake, 1);
	assert_result(vmm_gpt_alloc(&gpt, f->gpt.format, &fake_caps, &hooks), VMM_GPT_NO_MEMORY,
		      false);
	vmm_gpt_free(&gpt);
}

static void errors_have_names(void **state)
{
	(void)state;
	for (unsigned i = VMM_GPT_OK; i <= VMM_GPT_RETRY; i++)
		for (unsigned k = i + 1; k <= VMM_GPT_RETRY + 1; k++)
			assert_string_not_equal(vmm_gpt_error_name(i), vmm_gpt_error_name(k));
	assert_non_null(vmm_gpt_error_name(~0u));
}

static void ranges_are_checked(void **state)
{
	static const struct {
		uint64_t start, end;
		enum vmm_gpt_error error;
	} bad[] = {
		{ 0, 0, VMM_GPT_OUT_OF_RANGE },
		{ 2 * PAGE, PAGE, VMM_GPT_OUT_OF_RANGE },
		{ TOP - PAGE, TOP + PAGE, VMM_GPT_OUT_OF_RANGE },
		{ TOP, TOP + PAGE, VMM_GPT_OUT_OF_RANGE },
		{ -PAGE, 0, VMM_GPT_OUT_OF_RANGE },
		{ -PAGE, PAGE, VMM_GPT_OUT_OF_RANGE },
		{ 0, -PAGE, VMM_GPT_OUT_OF_RANGE },
		{ 1, PAGE, VMM_GPT_MISALIGNED },
		{ 0, PAGE + 8, VMM_GPT_MISALIGNED },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t start = bad[i].start, end = bad[i].end;

		assert_result(populate(f, start, end), bad[i].error, false);
		assert_result(vacate(f, start, end), bad[i].error, false);
		assert_result(vmm_gpt_unmap_region(&f->gpt, start, end, NULL, NULL), bad[i].error,
			      false);
	}
	assert_int_equal(f->fake.out, 1);
	assert_result(populate(f, TOP - PAGE, TOP), VMM_GPT_OK, true);
	assert_result(map(f, TOP - PAGE, 1), VMM_GPT_OK, true);
	assert_maps(f, TOP - 1, 1);
}

static void map_checks_its_arguments(void **state)
{
	struct fixture *f = *state;
	uint64_t limit = UINT64_C(1) << (fake_caps.maxphyaddr - 12);
	vmm_gpt_pte_t *slot;

	populate(f, 0, PAGE);
	slot = vmm_gpt_lookup(&f->gpt, 0, NULL);
	assert_result(map(f, TOP, 1), VMM_GPT_OUT_OF_RANGE, false);
	assert_result(map(f, 8, 1), VMM_GPT_MISALIGNED, false);
	assert_result(map(f, 0, limit), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(map(f, 0, UINT64_MAX), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_result(vmm_gpt_map_at(&f->gpt, slot, limit, 1, RWX, WB), VMM_GPT_NOT_EXPRESSIBLE,
		      false);
	assert_result(vmm_gpt_map_at(&f->gpt, NULL, 1, 1, RWX, WB), VMM_GPT_NOT_POPULATED, false);
	for (unsigned level = 0; level < 6; level++)
		if (level != 1)
			assert_result(vmm_gpt_map(&f->gpt, 0, 0, level, RWX, WB),
				      level == 2 || level == 3 ? VMM_GPT_WRONG_SIZE :
								 VMM_GPT_NOT_EXPRESSIBLE,
				      false);
	assert_result(vmm_gpt_unmap(&f->gpt, TOP), VMM_GPT_OUT_OF_RANGE, false);
	assert_result(vmm_gpt_unmap(&f->gpt, 8), VMM_GPT_MISALIGNED, false);
	assert_int_equal(*slot, 0);
	assert_result(map(f, 0, limit - 1), VMM_GPT_OK, true);
	assert_maps(f, 0, limit - 1);
}

static void map_says_who_did_it(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate(f, 0, 2 * PAGE);
	r = map(f, 0, 7);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(r.level, 1);
	hardware_sets(f, 0, f->gpt.format->accessed | f->gpt.format->dirty);
	r = map(f, 0, 7);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.entry, *vmm_gpt_lookup(&f->gpt, 0, NULL));
	assert_true(r.entry & f->gpt.format->dirty);
	/* The same by a slot. */
	r = vmm_gpt_map_at(&f->gpt, vmm_gpt_lookup(&f->gpt, PAGE, NULL), 9, 1, RWX, WB);
	assert_result(r, VMM_GPT_OK, true);
	assert_maps(f, PAGE, 9);
}

static void unmap_returns_the_final_entry(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	assert_result(vmm_gpt_unmap(&f->gpt, 0), VMM_GPT_OK, false);
	populate(f, PAGE, 2 * PAGE);
	assert_result(vmm_gpt_unmap(&f->gpt, 0), VMM_GPT_OK, false);
	assert_result(vmm_gpt_unmap(&f->gpt, PAGE), VMM_GPT_OK, false);
	map(f, PAGE, 7);
	hardware_sets(f, PAGE, f->gpt.format->dirty);
	r = vmm_gpt_unmap(&f->gpt, PAGE);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_int_equal(r.level, 1);
	assert_int_equal(vpeo_pte_pfn(f->gpt.format, r.entry, 1), 7);
	assert_true(r.entry & f->gpt.format->dirty);
	r = vmm_gpt_unmap(&f->gpt, PAGE);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.entry, 0);
	/* Still populated; its neighbours still are not. */
	assert_int_equal(fixture_check(f), 1);
}

struct gone {
	uint64_t count, gpa_sum, pfn_sum, dirty;
};

static void note_gone(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	struct gone *gone = arg;

	gone->count++;
	gone->gpa_sum += gpa;
	gone->pfn_sum += leaf->pfn;
	gone->dirty += leaf->dirty;
	assert_int_equal(leaf->level, 1);
	assert_int_equal(leaf->prot, RWX);
	assert_int_equal(leaf->type, WB);
}

static void unmap_region_skips_holes_and_tells(void **state)
{
	static const uint64_t at[] = { 0, 5 * PAGE, 2 * MIB, GIB - PAGE, 700 * GIB, TOP - PAGE };
	struct fixture *f = *state;
	struct gone want = { 0 }, gone = { 0 };
	struct vmm_gpt_result r;

	for (unsigned i = 0; i < 6; i++) {
		populate(f, at[i], at[i] + PAGE);
		map(f, at[i], 100 + i);
		want.gpa_sum += at[i];
		want.pfn_sum += 100 + i;
	}
	want.count = 6;
	want.dirty = 1;
	hardware_sets(f, 2 * MIB, f->gpt.format->dirty);
	r = vmm_gpt_unmap_region(&f->gpt, 0, TOP, note_gone, &gone);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 6);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_REQUIRED);
	assert_memory_equal(&gone, &want, sizeof(gone));
	r = vmm_gpt_unmap_region(&f->gpt, 0, TOP, note_gone, &gone);
	assert_result(r, VMM_GPT_OK, false);
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(fixture_check(f), 6);
	assert_result(vacate(f, 0, TOP), VMM_GPT_OK, true);
	assert_int_equal(f->gpt.tables, 1);
}

static void walk_follows_hardware(void **state)
{
	struct fixture *f = *state;
	const uint64_t gpa = 513 * GIB + 3 * MIB;
	vmm_gpt_pte_t *entries[6];
	uint64_t table = f->gpt.root->pfn;

	assert_int_equal(vmm_gpt_walk(&f->gpt, gpa, entries, 4), 1);
	assert_null(entries[1]);
	populate(f, gpa, gpa + PAGE);
	assert_int_equal(vmm_gpt_walk(&f->gpt, gpa + 0xfff, entries, 6), 4);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t index = gpa >> (39 - 9 * i) & 511;

		assert_ptr_equal(entries[i], f->fake.base + table * PAGE + index * 8);
		table = (*entries[i] & 0x000ffffffffff000) / PAGE;
	}
	assert_null(entries[4]);
	assert_null(entries[5]);
	/* A hole one level up, another table for a neighbour of it. */
	assert_int_equal(vmm_gpt_walk(&f->gpt, gpa + 4 * MIB, entries, 6), 3);
	assert_null(entries[3]);
	assert_int_equal(vmm_gpt_walk(&f->gpt, gpa, entries, 2), 2);
	assert_int_equal(vmm_gpt_walk(&f->gpt, TOP + gpa, entries, 6), 0);
	assert_null(entries[0]);
}

static void nodes_know_where_they_hang(void **state)
{
	struct fixture *f = *state;
	const uint64_t gpa = 513 * GIB + 3 * MIB;
	static const uint64_t size[] = { 0, 2 * MIB, GIB, 512 * GIB, TOP };

	assert_null(vmm_gpt_node_at(&f->gpt, gpa, 3));
	populate(f, gpa, gpa + PAGE);
	for (unsigned level = 1; level <= 4; level++) {
		const struct vmm_gpt_node *node = vmm_gpt_node_at(&f->gpt, gpa, level);

		assert_int_equal(node->level, level);
		assert_int_equal(node->gpa, gpa / size[level] * size[level]);
		assert_int_equal(node->in_use, 1);
		assert_ptr_equal(node->parent, vmm_gpt_node_at(&f->gpt, gpa, level + 1));
	}
	assert_null(vmm_gpt_node_at(&f->gpt, gpa + 2 * MIB, 1));
	assert_null(vmm_gpt_node_at(&f->gpt, gpa, 0));
	assert_null(vmm_gpt_node_at(&f->gpt, gpa + TOP, 4));
}

static void populate_counts_what_it_adds(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r = populate(f, GIB - PAGE, GIB + PAGE);

	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 5); /* one PDPT, two PDs, two PTs */
	assert_int_equal(r.flush, VMM_GPT_FLUSH_NONE);
	assert_int_equal(f->gpt.tables, 6);
	assert_int_equal(fixture_check(f), 2);
	assert_result(vmm_gpt_populate_region(&f->gpt, 0, PAGE, 0), VMM_GPT_NOT_EXPRESSIBLE, false);
	assert_int_equal(f->gpt.tables, 6);
	r = populate(f, GIB - 2 * PAGE, GIB + 2 * PAGE);
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry, 0);
	assert_int_equal(fixture_check(f), 4);
	/* A big one, across 512 GiB, around what is there. */
	f->fake.live_root = 0;
	r = populate(f, 510 * GIB + 3 * PAGE, 514 * GIB);
	assert_int_equal(r.entry, 4 * 512 + 4 + 1);
	assert_int_equal(fixture_check(f), 4 + 4 * GIB / PAGE - 3);
	assert_result(vacate(f, 0, TOP), VMM_GPT_OK, true);
	assert_int_equal(f->taken.count, 5 + 4 * 512 + 4 + 1);
}

static void populate_keeps_what_is_mapped(void **state)
{
	struct fixture *f = *state;

	populate(f, 3 * PAGE, 4 * PAGE);
	map(f, 3 * PAGE, 33);
	populate(f, 0, 4 * MIB);
	assert_maps(f, 3 * PAGE, 33);
	assert_int_equal(fixture_check(f), 1024);
}

static void vacate_keeps_its_neighbours(void **state)
{
	struct fixture *f = *state;

	populate(f, 0, 6 * MIB);
	map(f, 0, 1);
	map(f, 6 * MIB - PAGE, 2);
	assert_result(vacate(f, PAGE, 6 * MIB - PAGE), VMM_GPT_OK, true);
	assert_int_equal(f->taken.count, 1);
	assert_int_equal(fixture_check(f), 2);
	assert_maps(f, 0, 1);
	assert_maps(f, 6 * MIB - PAGE, 2);
	assert_null(vmm_gpt_lookup(&f->gpt, PAGE, NULL));
	assert_result(map(f, PAGE, 5), VMM_GPT_NOT_POPULATED, false);
	/* And back again. */
	assert_result(populate(f, PAGE, 2 * PAGE), VMM_GPT_OK, true);
	assert_result(map(f, PAGE, 5), VMM_GPT_OK, true);
}

static void taken_slots_ask_to_walk_again(void **state)
{
	struct fixture *f = *state;
	vmm_gpt_pte_t *slot;

	populate(f, 0, 2 * MIB);
	slot = vmm_gpt_lookup(&f->gpt, 0, NULL);
	vacate(f, 0, 2 * MIB);
	/* Not given back yet: a late walker may still hold it. */
	assert_result(vmm_gpt_map_at(&f->gpt, slot, 1, 1, RWX, WB), VMM_GPT_RETRY, false);
	assert_result(map(f, 0, 1), VMM_GPT_NOT_POPULATED, false);
	assert_false(vmm_gpt_is_mapped(&f->gpt, slot, 1, NULL));
	/* A vacant slot in a table that stays. */
	populate(f, 0, 2 * PAGE);
	slot = vmm_gpt_lookup(&f->gpt, 0, NULL);
	vacate(f, 0, PAGE);
	assert_result(vmm_gpt_map_at(&f->gpt, slot, 1, 1, RWX, WB), VMM_GPT_NOT_POPULATED, false);
}

static void pmtp_is_what_the_cpu_wants(void **state)
{
	struct fixture *f = *state;
	uint64_t root = f->gpt.root->pfn * PAGE;
	bool ept = f->gpt.format == &vmm_gpt_ept;

	/* EPTP: WB 6, walk of 4 levels (3 in bits 5:3), A/D flag in bit 6. */
	assert_int_equal(vmm_gpt_get_pmtp(&f->gpt, false), ept ? root + 0x1e : root);
	assert_int_equal(vmm_gpt_get_pmtp(&f->gpt, true), ept ? root + 0x5e : root);
	assert_true(vmm_gpt_can_track_dirty(&f->gpt));
	f->gpt.caps.track_ad = false;
	assert_int_equal(vmm_gpt_get_pmtp(&f->gpt, true), ept ? root + 0x1e : root);
	assert_false(vmm_gpt_can_track_dirty(&f->gpt));
}

static void free_takes_back_what_is_left(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_hooks hooks = fake_hooks(&f->fake);
	struct vmm_gpt other;

	vmm_gpt_alloc(&other, f->gpt.format, &fake_caps, &hooks);
	vmm_gpt_populate_region(&other, 511 * GIB, 513 * GIB, 1);
	vmm_gpt_populate_region(&other, TOP - PAGE, TOP, 1);
	vmm_gpt_map(&other, TOP - PAGE, 5, 1, RWX, WB);
	vmm_gpt_map(&other, 511 * GIB, 1, 1, RWX, WB);
	assert_int_equal(f->fake.out, 1 + other.tables);
	vmm_gpt_free(&other);
	assert_int_equal(f->fake.out, 1);
}

/* A hardware walk sets A in pointers to tables: they are still such. */
static void accessed_tables_are_taken_out_too(void **state)
{
	struct fixture *f = *state;
	vmm_gpt_pte_t *entries[4];

	populate(f, 0, PAGE);
	vmm_gpt_walk(&f->gpt, 0, entries, 4);
	for (unsigned i = 0; i < 3; i++)
		*entries[i] |= f->gpt.format->accessed;
	map(f, 0, 5);
	assert_maps(f, 0, 5);
	vmm_gpt_unmap(&f->gpt, 0);
	assert_result(vacate(f, 0, PAGE), VMM_GPT_OK, true);
	assert_int_equal(f->taken.count, 3);
	assert_int_equal(*entries[0], VMM_GPT_VACANT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(alloc_checks_its_arguments),
		cmocka_unit_test(errors_have_names),
		BOTH_FORMATS(ranges_are_checked),
		BOTH_FORMATS(map_checks_its_arguments),
		BOTH_FORMATS(map_says_who_did_it),
		BOTH_FORMATS(unmap_returns_the_final_entry),
		BOTH_FORMATS(unmap_region_skips_holes_and_tells),
		BOTH_FORMATS(walk_follows_hardware),
		BOTH_FORMATS(nodes_know_where_they_hang),
		BOTH_FORMATS(populate_counts_what_it_adds),
		BOTH_FORMATS(populate_keeps_what_is_mapped),
		BOTH_FORMATS(vacate_keeps_its_neighbours),
		BOTH_FORMATS(taken_slots_ask_to_walk_again),
		BOTH_FORMATS(pmtp_is_what_the_cpu_wants),
		BOTH_FORMATS(free_takes_back_what_is_left),
		BOTH_FORMATS(accessed_tables_are_taken_out_too),
	};

	return cmocka_run_group_tests_name("gpt", tests, NULL, NULL);
}
