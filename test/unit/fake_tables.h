/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An environment for gpt/ on the build machine: an arena of pages, each with a node. It
 * counts allocations, and injects failures. It fails the test if a page is freed twice,
 * or while the tree still reaches it. And a fixture: a table in such an arena, for tests
 * that run once for each format.
 */
#ifndef TEST_UNIT_FAKE_TABLES_H
#define TEST_UNIT_FAKE_TABLES_H

#include "gpt/vmm_gpt.h"

struct fake_tables {
	uint8_t *base; /* pfn n is at base + n * 4096; pfn 0 is never allocated */
	uint64_t pages;
	struct vmm_gpt_node *nodes;
	uint64_t *free; /* a stack of pfns */
	bool *is_out;
	uint64_t out;	    /* pages in the tree or retired */
	uint64_t gets;	    /* allocations since fail_at was set */
	uint64_t fail_at;   /* allocations fail from this call on; 0: never */
	uint64_t live_root; /* its tree must not reach a page that is freed; 0: no check */
};

void fake_init(struct fake_tables *fake, uint64_t pages);
void fake_fini(struct fake_tables *fake);
struct vmm_gpt_hooks fake_hooks(struct fake_tables *fake);

/* From now on, allocations fail from the k-th one on; 0: none fails. */
void fake_fail_at(struct fake_tables *fake, uint64_t k);

/* A hash of all allocated pages and their nodes. */
uint64_t fake_hash(const struct fake_tables *fake);

struct fixture {
	struct fake_tables fake;
	struct vmm_gpt gpt;
	struct vmm_gpt_retired taken;
};

extern const struct vmm_gpt_caps fake_caps;

void fixture_init(struct fixture *fixture, const struct vmm_gpt_format *format);
/* Frees everything, and fails the test if a page is missing. */
void fixture_fini(struct fixture *fixture);

/* For cmocka: fixture_setup replaces the format in *state by a fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Entries in a list of tests: the same test for both formats. */
#define BOTH_FORMATS(test)                                                                  \
	{ #test " EPT", test, fixture_setup, fixture_teardown, (void *)&vmm_gpt_ept },       \
	{                                                                                   \
		#test " nPT", test, fixture_setup, fixture_teardown, (void *)&vmm_gpt_npt \
	}

/*
 * Checks each table page: nodes, counts, parents and entries must agree, and no table but
 * the root may be empty. Returns the number of populated pages.
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

/* Sets bits in the entry of gpa, as hardware does on an access. */
static inline void hardware_sets(struct fixture *f, uint64_t gpa, uint64_t bits)
{
	__atomic_fetch_or(vmm_gpt_lookup(&f->gpt, gpa, NULL), bits, __ATOMIC_RELAXED);
}

#endif
