/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Injected races, one at a time: gpt/ is built with accessors that let a test act as another
 * CPU, or as hardware, right before an access (fake_pte.h). Also tests that count accesses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gpt/tree.h"
#include "test/unit/fake_pte.h"
#include "test/unit/fake_tables.h"

/* What the other CPU does, when an access comes to this entry for the n-th time. */
static struct {
	struct fixture *f;
	const vmm_gpt_pte_t *at;
	enum fake_access access;
	unsigned n;
	void (*act)(struct fixture *f);
	uint64_t gpa;
	struct vmm_gpt_result result;
	uint64_t accesses;
} other;

static void count(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	(void)access;
	(void)ptep;
	other.accesses++;
}

static void play(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	if (access != other.access || ptep != other.at || --other.n)
		return;
	fake_race = NULL;
	other.act(other.f);
}

static void arm(struct fixture *f, enum fake_access access, uint64_t gpa, unsigned n,
		void (*act)(struct fixture *f))
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];

	assert_int_equal(vmm_gpt_walk(&f->gpt, gpa, entries, VMM_GPT_LEVELS), VMM_GPT_LEVELS);
	other.f = f;
	other.at = entries[VMM_GPT_LEVELS - 1];
	other.access = access;
	other.n = n;
	other.act = act;
	other.gpa = gpa;
	fake_race = play;
}

/* Whether the other CPU came to act at all. */
static void assert_raced(void)
{
	assert_null(fake_race);
	fake_race = NULL;
}

static void other_maps_7(struct fixture *f)
{
	other.result = map(f, other.gpa, 7);
}

static void other_maps_8(struct fixture *f)
{
	other.result = map(f, other.gpa, 8);
}

static void other_maps_below(struct fixture *f)
{
	other.result = map(f, other.gpa - PAGE, 7);
}

static void other_unmaps(struct fixture *f)
{
	other.result = vmm_gpt_unmap(&f->gpt, other.gpa);
}

static void hardware_writes(struct fixture *f)
{
	(void)f;
	*(vmm_gpt_pte_t *)other.at |= f->gpt.format->accessed | f->gpt.format->dirty;
}

static void of_racing_maps_one_did_it(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_result r;

	populate(f, 0, 2 * PAGE);
	arm(f, FAKE_RMW, 0, 1, other_maps_7);
	r = map(f, 0, 7);
	assert_raced();
	assert_result(r, VMM_GPT_OK, false);
	assert_result(other.result, VMM_GPT_OK, true);
	arm(f, FAKE_RMW, PAGE, 1, other_maps_8);
	r = map(f, PAGE, 7);
	assert_raced();
	assert_result(r, VMM_GPT_CONFLICT, false);
	assert_int_equal(r.entry, other.result.entry);
	assert_maps(f, PAGE, 8);
}

/* A map between the look and the freeze: what was frozen thaws. */
static void a_late_map_makes_vacate_refuse(void **state)
{
	static const uint64_t at[] = { 2 * PAGE, 511 * PAGE, 512 * PAGE, 1030 * PAGE };
	struct fixture *f = *state;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t mapped;

		populate(f, 0, 6 * MIB);
		vacate(f, PAGE, 2 * PAGE);
		mapped = fixture_check(f);
		arm(f, FAKE_RMW, at[i], 1, other_maps_7);
		assert_result(vmm_gpt_vacate_region(&f->gpt, 0, 6 * MIB, &f->taken),
			      VMM_GPT_STILL_MAPPED, false);
		assert_raced();
		assert_result(other.result, VMM_GPT_OK, true);
		assert_int_equal(fixture_check(f), mapped);
		assert_null(vmm_gpt_lookup(&f->gpt, PAGE, NULL));
		assert_maps(f, at[i], 7);
		assert_result(map(f, 0, 5), VMM_GPT_OK, true);
		vmm_gpt_unmap(&f->gpt, 0);
		vmm_gpt_unmap(&f->gpt, at[i]);
		assert_result(vacate(f, 0, 6 * MIB), VMM_GPT_OK, true);
		assert_int_equal(f->gpt.tables, 1);
	}
}

static void count_writes(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	(void)ptep;
	other.accesses += access != FAKE_LOAD;
}

/* What is mapped all along is seen by looking: other CPUs' maps are not disturbed. */
static void a_refused_vacate_writes_nothing(void **state)
{
	struct fixture *f = *state;

	populate(f, 0, 6 * MIB);
	map(f, 6 * MIB - PAGE, 7);
	other.accesses = 0;
	fake_race = count_writes;
	assert_result(vmm_gpt_vacate_region(&f->gpt, 0, 6 * MIB, &f->taken), VMM_GPT_STILL_MAPPED,
		      false);
	fake_race = NULL;
	assert_int_equal(other.accesses, 0);
}

/* A map of what is frozen already is told to come back. */
static void a_map_of_a_frozen_slot_retries(void **state)
{
	struct fixture *f = *state;

	populate(f, 0, 2 * MIB);
	arm(f, FAKE_RMW, 9 * PAGE, 1, other_maps_below);
	assert_result(vmm_gpt_vacate_region(&f->gpt, 0, 2 * MIB, &f->taken), VMM_GPT_OK, true);
	assert_raced();
	assert_result(other.result, VMM_GPT_RETRY, false);
	assert_int_equal(fixture_check(f), 0);
}

/* 7: unmap was a load and a store: counted twice, and D was lost. */
static void defect_7_unmap_is_one_step(void **state)
{
	struct fixture *f = *state;
	uint64_t ad = f->gpt.format->accessed | f->gpt.format->dirty;
	struct vmm_gpt_result r;

	populate(f, 0, 2 * PAGE);
	map(f, 0, 7);
	arm(f, FAKE_RMW, 0, 1, other_unmaps);
	r = vmm_gpt_unmap(&f->gpt, 0);
	assert_raced();
	assert_result(r, VMM_GPT_OK, false);
	assert_result(other.result, VMM_GPT_OK, true);

	map(f, 0, 7);
	arm(f, FAKE_RMW, 0, 1, other_unmaps);
	r = vmm_gpt_unmap_region(&f->gpt, 0, 2 * PAGE, NULL, NULL);
	assert_raced();
	assert_int_equal(r.entry, 0);

	map(f, 0, 7);
	arm(f, FAKE_RMW, 0, 1, hardware_writes);
	r = vmm_gpt_unmap(&f->gpt, 0);
	assert_raced();
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(r.entry & ad, ad);
	assert_int_equal(*vmm_gpt_lookup(&f->gpt, 0, NULL), 0);
}

static void resets_keep_what_hardware_sets(void **state)
{
	struct fixture *f = *state;
	uint64_t a = f->gpt.format->accessed, d = f->gpt.format->dirty;
	vmm_gpt_pte_t *slot;
	struct vmm_gpt_result r;

	populate(f, 0, PAGE);
	map(f, 0, 7);
	slot = vmm_gpt_lookup(&f->gpt, 0, NULL);
	hardware_sets(f, 0, a);
	arm(f, FAKE_RMW, 0, 1, hardware_writes);
	r = vmm_gpt_reset_accessed(&f->gpt, slot, false);
	assert_raced();
	assert_result(r, VMM_GPT_OK, true);
	assert_int_equal(*slot & (a | d), d);
	/* The leaf goes: nothing is set in the empty slot. */
	arm(f, FAKE_RMW, 0, 1, other_unmaps);
	r = vmm_gpt_reset_accessed(&f->gpt, slot, true);
	assert_raced();
	assert_result(r, VMM_GPT_NOT_POPULATED, false);
	assert_int_equal(*slot, 0);
}

static struct vmm_gpt *seen;
static bool linked;

/* Before each access, all that hardware can reach must be valid. */
static void hardware_looks(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	const vmm_gpt_pte_t *table = gpt_table(seen, seen->root->pfn);
	void (*again)(enum fake_access, const vmm_gpt_pte_t *) = fake_race;

	(void)access;
	(void)ptep;
	fake_race = NULL;
	if (gpt_pte_is_table(seen->format, table[0])) {
		linked = true;
		/* The new tables are there at once, with what must be vacant in them. */
		assert_non_null(vmm_gpt_lookup(seen, 5 * PAGE, NULL));
		assert_null(vmm_gpt_lookup(seen, 4 * PAGE, NULL));
		assert_null(vmm_gpt_lookup(seen, 6 * PAGE, NULL));
	}
	fake_race = again;
}

static void tables_are_filled_before_they_are_linked(void **state)
{
	struct fixture *f = *state;

	seen = &f->gpt;
	linked = false;
	fake_race = hardware_looks;
	vmm_gpt_populate_region(&f->gpt, 5 * PAGE, 6 * PAGE, 1);
	vmm_gpt_lookup(&f->gpt, 0, NULL);
	fake_race = NULL;
	assert_true(linked);
}

/* 12: cost depended on the order of addresses. Accesses to entries are counted. */
static void defect_12_cost_is_the_same_in_any_order(void **state)
{
	struct fixture *f = *state;
	uint64_t cost[3];

	f->fake.live_root = 0;
	for (unsigned order = 0; order < 3; order++) {
		const unsigned n = 509; /* a prime, so that steps of 200 reach all */

		for (unsigned i = 0; i < n; i++)
			vmm_gpt_populate_region(&f->gpt, i * 2 * MIB, i * 2 * MIB + PAGE, 1);
		other.accesses = 0;
		fake_race = count;
		for (unsigned i = 0; i < n; i++) {
			unsigned k = order == 0 ? i : order == 1 ? n - 1 - i : i * 200 % n;

			vmm_gpt_vacate_region(&f->gpt, k * 2 * MIB, k * 2 * MIB + PAGE, &f->taken);
		}
		fake_race = NULL;
		cost[order] = other.accesses;
		assert_int_equal(f->gpt.tables, 1);
		vmm_gpt_free_retired(&f->gpt, &f->taken);
	}
	assert_int_equal(cost[0], cost[1]);
	assert_int_equal(cost[0], cost[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(of_racing_maps_one_did_it),
		BOTH_FORMATS(a_late_map_makes_vacate_refuse),
		BOTH_FORMATS(a_refused_vacate_writes_nothing),
		BOTH_FORMATS(a_map_of_a_frozen_slot_retries),
		BOTH_FORMATS(defect_7_unmap_is_one_step),
		BOTH_FORMATS(resets_keep_what_hardware_sets),
		BOTH_FORMATS(tables_are_filled_before_they_are_linked),
		BOTH_FORMATS(defect_12_cost_is_the_same_in_any_order),
	};

	return cmocka_run_group_tests_name("gpt races", tests, NULL, NULL);
}
