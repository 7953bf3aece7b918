/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A caller that is written against bhyve's signatures of 2022: it compiles with the
 * compatibility header, and finds what the original does. The surroundings come first.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "test/unit/fake_tables.h"
/* Last: from here on the names are bhyve's. */
#include "gpt/compat/vmm_gpt_bhyve.h"

struct vmm_gpt_bhyve vmm_gpt_bhyve;

static struct fake_tables tables;
static jmp_buf failed;
static const char *failed_in;

static void *get(size_t size)
{
	return calloc(1, size);
}

static void put(void *gpt, size_t size)
{
	(void)size;
	free(gpt);
}

static void give_up(const char *function, const char *error)
{
	(void)error;
	failed_in = function;
	longjmp(failed, 1);
}

/* Here the caller begins. */

enum { PROT_R = 0x1, PROT_W = 0x2, PROT_X = 0x4, ATTR_WB = 6 };

#define P4K 0x1000ul

static int make(void **state)
{
	vmm_pte_ops_t *ops = *state;
	vmm_gpt_t *gpt;

	fake_init(&tables, 64);
	vmm_gpt_bhyve = (struct vmm_gpt_bhyve){
		.caps = fake_caps, .hooks = fake_hooks(&tables), .get = get, .put = put, .give_up = give_up,
	};
	gpt = vmm_gpt_alloc(ops);
	*state = gpt;
	return 0;
}

static int take_down(void **state)
{
	vmm_gpt_free(*state);
	assert_int_equal(tables.out, 0);
	fake_fini(&tables);
	return 0;
}

static void a_page_from_map_to_unmap(void **state)
{
	vmm_gpt_t *gpt = *state;
	uint64_t *entries[MAX_GPT_LEVEL];
	uint64_t *ptep;
	pfn_t pfn;
	uint_t prot;

	assert_null(vmm_gpt_lookup(gpt, 4 * P4K));
	vmm_gpt_populate_region(gpt, 0, 16 * P4K);
	ptep = vmm_gpt_lookup(gpt, 4 * P4K);
	assert_non_null(ptep);
	assert_false(vmm_gpt_is_mapped(gpt, ptep, &pfn, &prot));
	assert_false(vmm_gpt_is_mapped(gpt, NULL, &pfn, &prot));
	assert_true(vmm_gpt_map(gpt, 4 * P4K, 0x123, PROT_R | PROT_W, ATTR_WB));
	assert_false(vmm_gpt_map(gpt, 4 * P4K, 0x123, PROT_R | PROT_W, ATTR_WB)); /* lost */
	assert_true(vmm_gpt_map_at(gpt, vmm_gpt_lookup(gpt, 5 * P4K), 0x124, PROT_R, ATTR_WB));
	assert_true(vmm_gpt_is_mapped(gpt, ptep, &pfn, &prot));
	assert_int_equal(pfn, 0x123);
	assert_int_equal(prot, PROT_R | PROT_W);

	vmm_gpt_walk(gpt, 4 * P4K, entries, MAX_GPT_LEVEL);
	assert_ptr_equal(entries[LEVEL1], ptep);
	assert_non_null(entries[LEVEL4]);
	vmm_gpt_walk(gpt, UINT64_C(1) << 40, entries, MAX_GPT_LEVEL);
	assert_null(entries[LEVEL1]);

	assert_true(vmm_gpt_unmap(gpt, 4 * P4K));
	assert_false(vmm_gpt_unmap(gpt, 4 * P4K));
	assert_int_equal(vmm_gpt_unmap_region(gpt, 0, 16 * P4K), 1);
	vmm_gpt_vacate_region(gpt, 0, 16 * P4K);
	assert_null(vmm_gpt_lookup(gpt, 4 * P4K));
}

static void accessed_and_dirty(void **state)
{
	vmm_gpt_t *gpt = *state;
	uint64_t *ptep;

	vmm_gpt_populate_region(gpt, 0, P4K);
	assert_true(vmm_gpt_map(gpt, 0, 1, PROT_R | PROT_W | PROT_X, ATTR_WB));
	ptep = vmm_gpt_lookup(gpt, 0);
	assert_int_equal(vmm_gpt_reset_dirty(gpt, ptep, true), 0);
	assert_int_equal(vmm_gpt_reset_dirty(gpt, ptep, false), 1);
	assert_int_equal(vmm_gpt_reset_dirty(gpt, ptep, false), 0);
	assert_int_equal(vmm_gpt_reset_accessed(gpt, ptep, true), 0);
	assert_int_equal(vmm_gpt_reset_accessed(gpt, ptep, true), 1);
	assert_int_equal(vmm_gpt_unmap_region(gpt, 0, P4K), 1);
	vmm_gpt_vacate_region(gpt, 0, P4K);
}

static void the_root_and_the_entries(void **state)
{
	vmm_gpt_t *gpt = *state;
	vmm_pte_ops_t *ops = gpt->format == &vmm_gpt_ept ? &ept_pte_ops : &npt_pte_ops;
	uint64_t pmtp = vmm_gpt_get_pmtp(gpt), pte = ops->vpeo_map_page(0x77, PROT_R, ATTR_WB);

	assert_int_equal(pmtp, ops->vpeo_get_pmtp(gpt->root->pfn));
	assert_true(ops->vpeo_pte_is_present(pte));
	assert_int_equal(ops->vpeo_pte_pfn(pte), 0x77);
	assert_int_equal(ops->vpeo_pte_prot(pte), PROT_R);
	assert_int_equal(ops->vpeo_reset_dirty(&pte, true), 0);
	assert_int_equal(ops->vpeo_reset_dirty(&pte, false), 1);
	assert_int_equal(ops->vpeo_reset_accessed(&pte, true), 0);
	assert_int_equal(ops->vpeo_pte_pfn(ops->vpeo_map_table(9)), 9);
}

/* Where the original goes on, and damages something: gpt/README.md. */
static void what_is_different(void **state)
{
	vmm_gpt_t *gpt = *state;

	assert_false(vmm_gpt_map(gpt, 0, 1, PROT_R, ATTR_WB)); /* not populated */
	vmm_gpt_populate_region(gpt, 0, P4K);
	vmm_gpt_populate_region(gpt, 0, P4K); /* the second time: no second vacate needed */
	assert_false(vmm_gpt_map(gpt, 0, 1, PROT_W, ATTR_WB)); /* not expressible */
	assert_true(vmm_gpt_map(gpt, 0, 1, PROT_R, ATTR_WB));
	failed_in = NULL;
	if (!setjmp(failed))
		vmm_gpt_vacate_region(gpt, 0, P4K); /* still mapped */
	assert_string_equal(failed_in, "vmm_gpt_vacate_region");
	failed_in = NULL;
	if (!setjmp(failed)) /* no five-level tables */
		vmm_gpt_populate_region(gpt, UINT64_C(1) << 48, (UINT64_C(1) << 48) + P4K);
	assert_string_equal(failed_in, "vmm_gpt_populate_region");
	assert_true(vmm_gpt_unmap(gpt, 0));
	vmm_gpt_vacate_region(gpt, 0, P4K);
}

#define BOTH(test)                                                               \
	{ #test " EPT", test, make, take_down, &ept_pte_ops }, \
	{ #test " nPT", test, make, take_down, &npt_pte_ops }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_page_from_map_to_unmap),
		BOTH(accessed_and_dirty),
		BOTH(the_root_and_the_entries),
		BOTH(what_is_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
