/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of entries, taken from the manuals and not from the code:
 * SDM vol. 3C tables 29-1 to 29-7, APM vol. 2 figures 5-17 to 5-27 and 15.25.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

#define R  1
#define RW 3
#define X  4
#define RX 5
#define NO UINT64_MAX

enum { UC = 0, WC = 1, WT = 4, WP = 5 }; /* WB, 6, and RWX: fake_tables.h */

static const struct sample {
	unsigned level;
	uint64_t pfn;
	unsigned prot, type;
	uint64_t ept, npt;
} samples[] = {
	/* EPT: R 0, W 1, X 2, type 5:3. nPT: P 0, RW 1, US 2, PWT 3, PCD 4, PAT 7, NX 63. */
	{ 1, 0x12345, RWX, WB, 0x12345037, 0x12345007 },
	{ 1, 0x12345, RW, WB, 0x12345033, 0x8000000012345007 },
	{ 1, 0x12345, R, WB, 0x12345031, 0x8000000012345005 },
	{ 1, 0x12345, RX, WB, 0x12345035, 0x12345005 },
	{ 1, 0x12345, X, WB, 0x12345034, NO },
	{ 1, 0x12345, RWX, UC, 0x12345007, 0x1234501f },
	{ 1, 0x12345, RWX, WC, 0x1234500f, 0x12345017 },
	{ 1, 0x12345, RWX, WT, 0x12345027, 0x1234500f },
	{ 1, 0x12345, RWX, WP, 0x1234502f, 0x12345087 },
	{ 1, 0x12345, R, WP, 0x12345029, 0x8000000012345085 },
	{ 1, 0, R, UC, 0x1, 0x800000000000001d },
	{ 1, 0x3ffffffff, RWX, WB, 0x3ffffffff037, 0x3ffffffff007 },
	/* 2 MiB and 1 GiB: bit 7 is the size, nPT's PAT is bit 12. */
	{ 2, 0x12400, RWX, WB, 0x124000b7, 0x12400087 },
	{ 2, 0x12400, RWX, WP, 0x124000af, 0x12401087 },
	{ 2, 0x12400, RW, UC, 0x12400083, 0x800000001240009f },
	{ 3, 0x40000, RWX, WB, 0x400000b7, 0x40000087 },
	{ 3, 0x40000, RX, WP, 0x400000ad, 0x40001085 },
};

static void samples_from_the_manuals(void **state)
{
	const struct vmm_gpt_format *formats[] = { &vmm_gpt_ept, &vmm_gpt_npt };

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];

		for (unsigned k = 0; k < 2; k++) {
			uint64_t want = k ? s->npt : s->ept;
			uint64_t pte = vpeo_map_page(formats[k], &fake_caps, s->level, s->pfn,
						     s->prot, s->type);

			assert_int_equal(pte, want);
			if (want == NO)
				continue;
			assert_true(vpeo_pte_is_present(formats[k], pte));
			assert_true(gpt_pte_is_leaf(formats[k], pte, s->level));
			assert_int_equal(vpeo_pte_pfn(formats[k], pte, s->level), s->pfn);
			assert_int_equal(vpeo_pte_prot(formats[k], pte), s->prot);
			assert_int_equal(gpt_pte_type(formats[k], pte, s->level), s->type);
		}
	}
}

static void accessed_and_dirty_from_the_manuals(void **state)
{
	(void)state;
	assert_int_equal(vmm_gpt_ept.accessed, 0x100);
	assert_int_equal(vmm_gpt_ept.dirty, 0x200);
	assert_int_equal(vmm_gpt_npt.accessed, 0x20);
	assert_int_equal(vmm_gpt_npt.dirty, 0x40);
}

static void table_pointers_from_the_manuals(void **state)
{
	(void)state;
	/* EPT: R, W, X, bits 7:3 reserved. nPT: P, RW, US, no NX. */
	assert_int_equal(vpeo_map_table(&vmm_gpt_ept, 0x12345), 0x12345007);
	assert_int_equal(vpeo_map_table(&vmm_gpt_npt, 0x12345), 0x12345007);
	assert_true(gpt_pte_is_table(&vmm_gpt_ept, 0x12345107)); /* accessed */
	assert_true(gpt_pte_is_table(&vmm_gpt_npt, 0x12345027));
	assert_false(gpt_pte_is_table(&vmm_gpt_ept, 0x124000b7)); /* large */
	assert_false(gpt_pte_is_table(&vmm_gpt_npt, 0x12400087));
}

/* PAT entries are bytes: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB; SDM vol. 3A table 12-10. */
static void pat_is_as_the_header_says(void **state)
{
	static const unsigned pat[8] = { WB, WT, WC, UC, WP, UC, UC, UC };

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(VMM_GPT_PAT >> 8 * i & 0xff, pat[i]);
}

/* Every right and type, at every level: what is accepted, and what it decodes to. */
static void all_that_is_accepted_is_decoded(void **state)
{
	const struct vmm_gpt_format *format = *state;
	struct vmm_gpt_caps caps = fake_caps;

	for (unsigned n = 0; n < 2 * 4 * 16 * 16; n++) {
		unsigned exec_only = n & 1, level = 1 + (n >> 1) % 3;
		unsigned prot = n >> 3 & 15, type = n >> 7 & 15;
		uint64_t pfn = UINT64_C(1) << 33;
		bool good = type == UC || type == WC || type == WT || type == WP || type == WB;
		uint64_t pte;

		good &= prot == R || prot == RW || prot == RX || prot == RWX ||
			(prot == X && exec_only && format == &vmm_gpt_ept);
		caps.exec_only = exec_only;
		pte = vpeo_map_page(format, &caps, level, pfn, prot, type);
		assert_int_equal(pte != NO, good);
		if (!good)
			continue;
		assert_true(gpt_pte_is_leaf(format, pte, level));
		assert_false(pte & (format->accessed | format->dirty | VMM_GPT_VACANT));
		assert_int_equal(vpeo_pte_pfn(format, pte, level), pfn);
		assert_int_equal(vpeo_pte_prot(format, pte), prot);
		assert_int_equal(gpt_pte_type(format, pte, level), type);
		pte |= format->accessed | format->dirty;
		assert_int_equal(vpeo_pte_pfn(format, pte, level), pfn);
		assert_int_equal(vpeo_pte_prot(format, pte), prot);
		assert_int_equal(gpt_pte_type(format, pte, level), type);
	}
}

static void pfns_are_checked_against_maxphyaddr(void **state)
{
	const struct vmm_gpt_format *format = *state;
	struct vmm_gpt_caps caps = fake_caps;

	for (unsigned bits = 32; bits <= 52; bits++) {
		uint64_t limit = UINT64_C(1) << (bits - 12);

		caps.maxphyaddr = (uint8_t)bits;
		assert_int_equal(vpeo_map_page(format, &caps, 1, limit, R, WB), NO);
		assert_int_equal(vpeo_map_page(format, &caps, 1, UINT64_C(1) << 52, R, WB), NO);
		assert_int_equal(vpeo_map_page(format, &caps, 1, UINT64_C(1) << 63, R, WB), NO);
		assert_int_equal(vpeo_pte_pfn(format,
					      vpeo_map_page(format, &caps, 1, limit - 1, R, WB), 1),
				 limit - 1);
	}
}

static void vacant_is_neither_present_nor_a_leaf(void **state)
{
	const struct vmm_gpt_format *format = *state;
	const uint64_t values[] = { 0, VMM_GPT_VACANT, VMM_GPT_FROZEN };

	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(values[i] & (format == &vmm_gpt_ept ? 7 : 1), 0);
		assert_false(vpeo_pte_is_present(format, values[i]));
		assert_false(gpt_pte_is_table(format, values[i]));
		for (unsigned level = 1; level <= 3; level++)
			assert_false(gpt_pte_is_leaf(format, values[i], level));
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(values[i], values[k]);
	}
}

#define EITHER(test)                                                    \
	{ #test " EPT", test, NULL, NULL, (void *)&vmm_gpt_ept },        \
	{                                                               \
		#test " nPT", test, NULL, NULL, (void *)&vmm_gpt_npt    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_from_the_manuals),
		cmocka_unit_test(accessed_and_dirty_from_the_manuals),
		cmocka_unit_test(table_pointers_from_the_manuals),
		cmocka_unit_test(pat_is_as_the_header_says),
		EITHER(all_that_is_accepted_is_decoded),
		EITHER(pfns_are_checked_against_maxphyaddr),
		EITHER(vacant_is_neither_present_nor_a_leaf),
	};

	return cmocka_run_group_tests_name("gpt formats", tests, NULL, NULL);
}
