/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests' decoder of second-level tables (gpt_decode.h), on entries written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "test/unit/gpt_decode.h"

static uint64_t pages[6][512] __attribute__((aligned(4096)));

#define PAT	     0x0000000500010406 /* WB, WT, WC, UC, WP */
#define ENTRY_BIT(n) (UINT64_C(1) << (n))

/* A way of tables 1 to 4 for gpa 0; entry is put in at its level. */
static enum cpu_finds look(bool ept, unsigned level, uint64_t entry, struct cpu_page *page)
{
	const struct cpu_model cpu = {
		.memory = (const uint8_t *)pages,
		.root = ept ? 0x105e : 0x1000,
		.pat = PAT,
		.ept = ept,
		.page_2m = true,
		.page_1g = level != 3 || !(entry >> 62 & 1), /* a wish in a bit that is ignored */
		.maxphyaddr = 40,
	};

	memset(pages, 0, sizeof(pages));
	for (unsigned l = 4; l > 1; l--)
		pages[5 - l][0] = (uint64_t)(6 - l) << 12 | 7;
	pages[5 - level][0] = entry;
	return cpu_walk(&cpu, 0, page);
}

static const struct {
	bool ept;
	unsigned level;
	uint64_t entry;
	enum cpu_finds finds;
	unsigned prot, type;
} entries[] = {
	/* EPT: tables 29-1 to 29-6, 29.3.3.1 */
	{ true, 1, 0, CPU_NOTHING, 0, 0 },
	{ true, 1, 0xff8, CPU_NOTHING, 0, 0 }, /* the rest is ignored */
	{ true, 1, 0x5037, CPU_PAGE, 7, 6 },
	{ true, 1, 0x50b7, CPU_PAGE, 7, 6 }, /* bit 7 of a PTE is ignored */
	{ true, 1, 0x5001, CPU_PAGE, 1, 0 },
	{ true, 1, 0x5002, CPU_MISCONFIG, 0, 0 },
	{ true, 1, 0x5004, CPU_MISCONFIG, 0, 0 }, /* no execute-only here */
	{ true, 1, 0x5006, CPU_MISCONFIG, 0, 0 },
	{ true, 1, 0x5017, CPU_MISCONFIG, 0, 0 }, /* type 2 */
	{ true, 1, 0x501f, CPU_MISCONFIG, 0, 0 },
	{ true, 1, 0x503f, CPU_MISCONFIG, 0, 0 },
	{ true, 1, ENTRY_BIT(40) | 0x37, CPU_MISCONFIG, 0, 0 },
	{ true, 1, ENTRY_BIT(39) | 0x37, CPU_PAGE, 7, 6 },
	{ true, 1, ENTRY_BIT(63) | 0x37, CPU_PAGE, 7, 6 },
	{ true, 2, 0x2000b7, CPU_PAGE, 7, 6 },
	{ true, 2, 0x2010b7, CPU_MISCONFIG, 0, 0 },
	{ true, 2, 0x400f, CPU_MISCONFIG, 0, 0 }, /* bits 6:3 of a PDE for a table */
	{ true, 3, 0x40000085, CPU_PAGE, 5, 0 },
	{ true, 3, 0x40200085, CPU_MISCONFIG, 0, 0 },
	{ true, 3, ENTRY_BIT(62) | 0x40000085, CPU_MISCONFIG, 0, 0 },
	{ true, 4, 0x2087, CPU_MISCONFIG, 0, 0 }, /* bit 7 of a PML4E */
	{ true, 4, 0x2107, CPU_NOTHING, 0, 0 },
	/* nPT: APM 5.3.3, 5.4.1 */
	{ false, 1, 0, CPU_NOTHING, 0, 0 },
	{ false, 1, 0x5002, CPU_NOTHING, 0, 0 },
	{ false, 1, 0x5007, CPU_PAGE, 7, 6 },
	{ false, 1, 0x5005, CPU_PAGE, 5, 6 },
	{ false, 1, 0x5003, CPU_NOTHING, 0, 0 }, /* the supervisor's */
	{ false, 1, ENTRY_BIT(63) | 0x5007, CPU_PAGE, 3, 6 },
	{ false, 1, 0x500f, CPU_PAGE, 7, 4 },
	{ false, 1, 0x5017, CPU_PAGE, 7, 1 },
	{ false, 1, 0x501f, CPU_PAGE, 7, 0 },
	{ false, 1, 0x5087, CPU_PAGE, 7, 5 },
	{ false, 1, ENTRY_BIT(40) | 7, CPU_MISCONFIG, 0, 0 },
	{ false, 2, 0x200087, CPU_PAGE, 7, 6 },
	{ false, 2, 0x201087, CPU_PAGE, 7, 5 }, /* bit 12 is PAT */
	{ false, 2, 0x202087, CPU_MISCONFIG, 0, 0 },
	{ false, 3, 0x40000087, CPU_PAGE, 7, 6 },
	{ false, 3, 0x60000087, CPU_MISCONFIG, 0, 0 },
	{ false, 3, ENTRY_BIT(62) | 0x40000087, CPU_MISCONFIG, 0, 0 },
	{ false, 4, 0x2087, CPU_MISCONFIG, 0, 0 },
	{ false, 4, 0x2107, CPU_MISCONFIG, 0, 0 },
};

static void by_hand(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct cpu_page page;
		enum cpu_finds finds =
			look(entries[i].ept, entries[i].level, entries[i].entry, &page);

		if (finds != entries[i].finds)
			fail_msg("entry %u: %u, %s", i, finds,
				 page.why ? page.why : "nothing wrong");
		if (finds != CPU_PAGE)
			continue;
		assert_int_equal(page.prot, entries[i].prot);
		assert_int_equal(page.type, entries[i].type);
		assert_int_equal(page.level, entries[i].level);
	}
}

/* Rights are those that all entries on the way have; A is set on all of it, D in the leaf. */
static void the_way_counts(void **state)
{
	struct cpu_model cpu = {
		.memory = (const uint8_t *)pages, .root = 0x105e, .ept = true, .maxphyaddr = 40
	};
	struct cpu_page page;

	(void)state;
	look(true, 1, 0x5037, &page);
	pages[2][0] = 0x3005;
	assert_int_equal(cpu_walk(&cpu, 0x123, &page), CPU_PAGE);
	assert_int_equal(page.prot, 5);
	assert_int_equal(page.pfn, 5);
	cpu_access(&cpu, 0, 2); /* is refused; what was walked was accessed */
	assert_int_equal(pages[1][0], 0x2107);
	assert_int_equal(pages[4][0], 0x5037);
	pages[2][0] = 0x3007;
	cpu_access(&cpu, 0, 2);
	assert_int_equal(pages[2][0], 0x3107);
	assert_int_equal(pages[4][0], 0x5337);
	cpu.root = 0x101e; /* without A and D */
	pages[4][0] = 0x5037;
	cpu_access(&cpu, 0, 2);
	assert_int_equal(pages[4][0], 0x5037);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(the_way_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
