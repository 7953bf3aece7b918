/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/selftest.h"

#include "kernel/host/mmu.h"
#include "kernel/host/msr.h"
#include "kernel/host/pages.h"
#include "kernel/host/trap.h"
#include "kernel/lib/x86.h"
#include "kernel/suite/cmdline.h"
#include "kernel/suite/gpt_selftest.h"
#include "kernel/suite/report.h"

#define FOUR_GIB (UINT64_C(4) << 30)

static const char no_high_memory[] = "none above 4 GiB";

static const char *test_protection(void)
{
	return mmu_check();
}

/* A #GP on every CPU, as the address is not canonical. An access to an MSR would not do:
 * emulators answer for MSRs that no CPU has. */
static bool read_non_canonical(void)
{
	uint64_t address = UINT64_C(1) << 63, ok = 0;

	__asm__ volatile("1: movq (%1), %1\n\t"
			 "movq $1, %0\n"
			 "2:\n\t" TRAP_FIXUP("1b", "2b")
			 : "+r"(ok), "+r"(address));
	return ok;
}

static const char *test_fixup(void)
{
	uint64_t value;

	if (read_non_canonical())
		return "an address that is not canonical could be read";
	if (!msr_read_safe(MSR_EFER, &value) || !(value & EFER_NXE))
		return "EFER could not be read, or has no NXE";
	if (!msr_write_safe(MSR_EFER, value))
		return "EFER could not be written";
	return NULL;
}

static const char *test_allocator(void)
{
	uint64_t before = pages_free_count(), page = page_alloc_zeroed(FRAME_GUEST), block;

	if (!page)
		return "there is no page";
	((volatile uint64_t *)page_ptr(page))[PAGE_SIZE / 8 - 1] = 1;
	page_free(page, FRAME_GUEST);
	page = page_alloc_zeroed(FRAME_GUEST); /* the same one */
	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		if (((uint64_t *)page_ptr(page))[i])
			return "a new page is not all zeroes";
	block = pages_alloc(9, FRAME_HOST);
	if (!block || block % 512)
		return "there is no aligned block of 2 MiB";
	((volatile uint64_t *)page_ptr(block))[512 * 512 - 1] = 1;
	pages_free(block, 9, FRAME_HOST);
	page_free(page, FRAME_GUEST);
	if (pages_free_count() != before)
		return "pages were lost";
	return pages_check();
}

/* The highest free page, if it is above 4 GiB: it is writable, and is not an alias of the
 * page at the same address modulo 4 GiB. */
static const char *test_high_memory(void)
{
	uint64_t pfn = pages_highest_free();
	volatile uint64_t *high = page_ptr(pfn), *low = page_ptr(pfn & (FOUR_GIB / PAGE_SIZE - 1));
	uint64_t old, low_old;
	unsigned rights;

	if (pfn < FOUR_GIB / PAGE_SIZE)
		return no_high_memory;
	if (!mmu_query(pfn << PAGE_SHIFT, &rights) || rights != MMU_WRITE)
		return "a page above 4 GiB is not mapped read-write";
	old = *high;
	*high = ~old;
	low_old = mmu_query((uintptr_t)low, &rights) ? *low : 0;
	if (*high != ~old)
		return "memory above 4 GiB does not keep what is written";
	*high = old;
	if (mmu_query((uintptr_t)low, &rights) && *low != low_old)
		return "memory above 4 GiB is the same as below";
	return NULL;
}

static const struct cmdline *words;

static const char *test_gpt(void)
{
	return gpt_selftest(words->gpt_seed, &words->gpt_script);
}

static const struct {
	const char *name;
	const char *(*test)(void);
} tests[] = {
	{ "host-protection", test_protection },
	{ "host-fixup", test_fixup },
	{ "host-allocator", test_allocator },
	{ "host-high-memory", test_high_memory },
	{ "host-gpt", test_gpt },
};
const unsigned selftest_count = sizeof(tests) / sizeof(tests[0]);

void selftest_run(const struct cmdline *cmdline)
{
	words = cmdline;
	for (unsigned i = 0; i < selftest_count; i++) {
		const char *error;

		report_test_begin(tests[i].name);
		error = tests[i].test();
		if (error == no_high_memory) {
			report_skip(tests[i].name, WANT_HIGH_MEMORY, "%s", error);
			continue;
		}
		if (error)
			report_wrong("%s", error);
		report_test_end(!error, NULL);
	}
}
