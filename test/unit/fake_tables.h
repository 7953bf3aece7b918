/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Surroundings for gpt/ on the build machine: an arena of pages with a node
 * each, that counts, that fails when told to, and that fails the test when a
 * page is given back twice or while the tree still reaches it. And a fixture:
 * a table in them, for tests that run once for each format.
 */
#ifndef TEST_UNIT_FAKE_TABLES_H
#define TEST_UNIT_FAKE_TABLES_H

#include "gpt/vmm_gpt.h"

struct fake_tables {
	uint8_t *base; /* pfn n is at base + n * 4096; pfn 0 is nobody's */
	uint64_t pages;
	struct vmm_gpt_node *nodes;
	uint64_t *free; /* a stack of pfns */
	bool *is_out;
	uint64_t out;	    /* pages that the tree, or *taken, has */
	uint64_t gets;	    /* calls since fail_at was set */
	uint64_t fail_at;   /* that call, and all behind it, get nothing; 0: none */
	uint64_t live_root; /* its tree must not reach what is given back; 0: off */
};

void fake_init(struct fake_tables *fake, uint64_t pages);
void fake_fini(struct fake_tables *fake);
struct vmm_gpt_hooks fake_hooks(struct fake_tables *fake);

/* From now on the k-th call for a page fails; 0: none does. */
void fake_fail_at(struct fake_tables *fake, uint64_t k);

/* A hash of all pages that are out, and of their nodes. */
uint64_t fake_hash(const struct fake_tables *fake);

struct fixture {
	struct fake_tables fake;
	struct vmm_gpt gpt;
	struct vmm_gpt_retired taken;
};

extern const struct vmm_gpt_caps fake_caps;

void fixture_init(struct fixture *fixture, const struct vmm_gpt_format *format);
/* Frees all, and fails the test if a page is missing. */
void fixture_fini(struct fixture *fixture);

/* For cmocka: *state is a format before, and a fixture behind fixture_setup. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* An entry of a list of tests: the same test for either format. */
#define BOTH_FORMATS(test)                                                                  \
	{ #test " EPT", test, fixture_setup, fixture_teardown, (void *)&vmm_gpt_ept },       \
	{                                                                                   \
		#test " nPT", test, fixture_setup, fixture_teardown, (void *)&vmm_gpt_npt \
	}

/*
 * Looks at every table page: nodes, counts, parents and entries must agree,
 * and no table but the root may be without use. Returns how many pages are
 * populated.
 */
uint64_t fixture_check(const struct fixture *fixture);

/* Asserts an error and whether the call changed the table. */
#define assert_result(result, wanted, did)                                            \
	do {                                                                          \
		struct vmm_gpt_result assert_r = (result);                            \
		assert_string_equal(vmm_gpt_error_name(assert_r.error),               \
				    vmm_gpt_error_name(wanted));                      \
		assert_int_equal(assert_r.changed, did);                               \
	} while (0)

/* Shorthands of the tests. */
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define PAGE (4 * KIB)
#define TOP (UINT64_C(1) << 48)
#define RWX VMM_GPT_RWX
#define WB VMM_GPT_WB

static inline struct vmm_gpt_result map(struct fixture *f, uint64_t gpa, uint64_t pfn)
{
	return vmm_gpt_map(&f->gpt, gpa, pfn, 1, RWX, WB);
}

static inline struct vmm_gpt_result populate(struct fixture *f, uint64_t start, uint64_t end)
{
	struct vmm_gpt_result result = vmm_gpt_populate_region(&f->gpt, start, end, 1);

	fixture_check(f);
	return result;
}

static inline struct vmm_gpt_result vacate(struct fixture *f, uint64_t start, uint64_t end)
{
	uint64_t before = f->taken.count;
	struct vmm_gpt_result result = vmm_gpt_vacate_region(&f->gpt, start, end, &f->taken);

	fixture_check(f);
	assert_int_equal(result.flush, f->taken.count > before ? VMM_GPT_FLUSH_REQUIRED :
								 VMM_GPT_FLUSH_NONE);
	return result;
}

static inline void assert_maps(struct fixture *f, uint64_t gpa, uint64_t pfn)
{
	struct vmm_gpt_leaf leaf;
	unsigned level = 0;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&f->gpt, gpa, &level);

	assert_non_null(ptep);
	assert_true(vmm_gpt_is_mapped(&f->gpt, ptep, level, &leaf));
	assert_int_equal(leaf.pfn, pfn);
	assert_int_equal(leaf.prot, RWX);
	assert_int_equal(leaf.type, WB);
	assert_int_equal(leaf.level, 1);
}

/* What hardware does on an access. */
static inline void hardware_sets(struct fixture *f, uint64_t gpa, uint64_t bits)
{
	__atomic_fetch_or(vmm_gpt_lookup(&f->gpt, gpa, NULL), bits, __ATOMIC_RELAXED);
}

#endif
