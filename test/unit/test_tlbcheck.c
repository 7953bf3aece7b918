/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker of the TLB discipline. Each test is a history of stores, flushes, entries and
 * exits; the checker must panic at the wrong step, and at no other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>

#include "gpt/format.h"
#include "kernel/check/tlbcheck.h"

enum { FRAMES = 4096, ROOT = 10, TABLE = 11, OTHER_ROOT = 12, PAGE_A = 20, PAGE_B = 21 };

static uint64_t *frames;
static uint8_t *base;

/* ROOT is of level 2, TABLE hangs from it; the rest is no table. */
static uint64_t root_of(uint64_t pfn, unsigned *level)
{
	*level = pfn == TABLE ? 1 : 2;
	return pfn == ROOT || pfn == TABLE ? ROOT : pfn == OTHER_ROOT ? OTHER_ROOT : 0;
}

static vmm_gpt_pte_t *entry(uint64_t table, unsigned i)
{
	return (vmm_gpt_pte_t *)(base + table * 4096) + i;
}

static const struct vmm_gpt_caps caps = { .maxphyaddr = 40, .leaf_2m = true, .track_ad = true };

static uint64_t leaf(uint64_t pfn, unsigned prot)
{
	return vpeo_map_page(&vmm_gpt_ept, &caps, 1, pfn, prot, VMM_GPT_WB);
}

static void write_entry(uint64_t table, unsigned i, uint64_t new)
{
	uint64_t old = *entry(table, i);

	*entry(table, i) = new;
	tlbcheck_wrote(entry(table, i), old, new);
}

static int set_up(void **state)
{
	(void)state;
	if (!base) {
		base = mmap(NULL, FRAMES * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		frames = (uint64_t *)mmap(NULL, FRAMES * 8, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	memset(base, 0, 64 * 4096);
	memset(frames, 0, FRAMES * 8);
	tlbcheck_init(frames, FRAMES, (uintptr_t)base, root_of, &vmm_gpt_ept);
	tlbcheck_root_begins(ROOT);
	write_entry(ROOT, 0, vpeo_map_table(&vmm_gpt_ept, TABLE));
	write_entry(TABLE, 0, leaf(PAGE_A, VMM_GPT_RWX));
	return 0;
}

static void enter_with_flush(unsigned cpu)
{
	tlbcheck_flush(cpu, ROOT);
	tlbcheck_enter(cpu, ROOT, ROOT);
}

#define caught(what)                                                                               \
	do {                                                                                       \
		expect_assert_failure(what);                                                       \
	} while (0)

static void the_first_entry_flushes(void **state)
{
	(void)state;
	caught(tlbcheck_enter(0, ROOT, ROOT));
	tlbcheck_flush(0, OTHER_ROOT);
	caught(tlbcheck_enter(0, ROOT, ROOT));
	enter_with_flush(0);
	tlbcheck_exit(0);
	tlbcheck_enter(0, ROOT, ROOT);
	tlbcheck_exit(0);
}

static void a_change_waits_for_those_inside(void **state)
{
	(void)state;
	enter_with_flush(0);
	enter_with_flush(1);
	tlbcheck_complete(ROOT); /* nothing was taken */
	write_entry(TABLE, 1, leaf(PAGE_B, VMM_GPT_RWX));
	tlbcheck_complete(ROOT); /* nor by an addition */
	write_entry(TABLE, 0, 0);
	caught(tlbcheck_complete(ROOT));
	tlbcheck_exit(0);
	caught(tlbcheck_complete(ROOT));
	tlbcheck_exit(1);
	tlbcheck_complete(ROOT);
	caught(tlbcheck_enter(1, ROOT, ROOT)); /* has not flushed since */
	tlbcheck_exit(1);
	enter_with_flush(1);
	tlbcheck_complete(ROOT);
	tlbcheck_exit(1);
}

/* Between a CPU's store and its saying so, another takes out what was stored. */
static void news_may_come_late(void **state)
{
	const uint64_t b = leaf(PAGE_B, VMM_GPT_RWX);

	(void)state;
	*entry(TABLE, 1) = b;
	write_entry(TABLE, 1, 0);
	tlbcheck_wrote(entry(TABLE, 1), 0, b);
	tlbcheck_freed(PAGE_B);
	/* But it counts if it is true. */
	*entry(TABLE, 1) = b;
	tlbcheck_wrote(entry(TABLE, 1), 0, b);
	caught(tlbcheck_freed(PAGE_B));
}

static void what_takes_and_what_does_not(void **state)
{
	static const struct {
		uint64_t old, new;
		bool takes;
	} changes[] = {
		{ 0, 1, false }, /* rights, by number: granted */
		{ 3, 7, false }, { 7, 3, true }, { 7, 5, true }, { 7, 0, true },
	};

	(void)state;
	for (volatile unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint64_t old = changes[i].old ? leaf(PAGE_A, (unsigned)changes[i].old) : 0;
		uint64_t new = changes[i].new ? leaf(PAGE_A, (unsigned)changes[i].new) : 0;

		write_entry(TABLE, 0, old);
		enter_with_flush(0);
		write_entry(TABLE, 0, new);
		if (changes[i].takes)
			caught(tlbcheck_complete(ROOT));
		else
			tlbcheck_complete(ROOT);
		tlbcheck_exit(0);
	}
	/* Another page, another type, D cleared, a table instead; A, set and cleared, is nothing. */
	const uint64_t was = leaf(PAGE_A, VMM_GPT_RWX) | vmm_gpt_ept.dirty | vmm_gpt_ept.accessed;
	const uint64_t then[] = { leaf(PAGE_B, VMM_GPT_RWX) | vmm_gpt_ept.dirty,
				  vpeo_map_page(&vmm_gpt_ept, &caps, 1, PAGE_A, VMM_GPT_RWX,
						VMM_GPT_UC) |
					  vmm_gpt_ept.dirty,
				  was & ~vmm_gpt_ept.dirty, was & ~vmm_gpt_ept.accessed };

	for (volatile unsigned i = 0; i < 4; i++) {
		write_entry(TABLE, 0, was);
		enter_with_flush(0);
		write_entry(TABLE, 0, then[i]);
		if (i < 3)
			caught(tlbcheck_complete(ROOT));
		else
			tlbcheck_complete(ROOT);
		tlbcheck_exit(0);
	}
}

static void frames_come_back_late(void **state)
{
	(void)state;
	caught(tlbcheck_freed(PAGE_A)); /* it is mapped */
	caught(tlbcheck_freed(TABLE));
	enter_with_flush(0);
	write_entry(TABLE, 0, 0);
	caught(tlbcheck_freed(PAGE_A));
	tlbcheck_exit(0);
	tlbcheck_freed(PAGE_A);
	tlbcheck_freed(PAGE_B);		       /* was never there */
	caught(tlbcheck_enter(0, ROOT, ROOT)); /* could still reach it */
	tlbcheck_exit(0);
	enter_with_flush(0);
	write_entry(ROOT, 0, 0); /* an empty table */
	caught(tlbcheck_freed(TABLE));
	tlbcheck_exit(0);
	tlbcheck_freed(TABLE);
}

static void a_flush_before_the_store_is_none(void **state)
{
	(void)state;
	enter_with_flush(0);
	tlbcheck_exit(0);
	tlbcheck_enter(0, ROOT, ROOT);
	write_entry(TABLE, 0, 0);
	tlbcheck_exit(0);
	tlbcheck_complete(ROOT);
	caught(tlbcheck_enter(0, ROOT, ROOT));
	tlbcheck_exit(0);
	/* But one that was not followed by a stay in the guest is as good as one made now. */
	tlbcheck_flush(0, ROOT);
	write_entry(TABLE, 0, leaf(PAGE_B, VMM_GPT_RWX));
	write_entry(TABLE, 0, 0);
	tlbcheck_complete(ROOT);
	tlbcheck_enter(0, ROOT, ROOT);
	tlbcheck_exit(0);
}

static void roots_are_not_mixed_up(void **state)
{
	enum { ASID = 1 };

	(void)state;
	tlbcheck_root_begins(OTHER_ROOT);
	tlbcheck_flush(0, ASID);
	tlbcheck_enter(0, ASID, ROOT);
	tlbcheck_exit(0);
	caught(tlbcheck_enter(0, ASID, OTHER_ROOT)); /* the same tag */
	tlbcheck_flush(0, ASID);
	tlbcheck_enter(0, ASID, OTHER_ROOT);
	tlbcheck_exit(0);
	/* A root that goes, and comes again in the same page. */
	enter_with_flush(1);
	tlbcheck_exit(1);
	tlbcheck_root_ends(ROOT);
	tlbcheck_freed(ROOT);
	caught(tlbcheck_enter(1, ROOT, ROOT)); /* there is none */
	tlbcheck_root_begins(ROOT);
	caught(tlbcheck_enter(1, ROOT, ROOT));
	tlbcheck_exit(1);
	enter_with_flush(1);
	tlbcheck_exit(1);
	tlbcheck_root_ends(OTHER_ROOT);
}

/* A split keeps all reachable; its merge takes the table only. */
static void large_leaves(void **state)
{
	uint64_t large = vpeo_map_page(&vmm_gpt_ept, &caps, 2, 512, VMM_GPT_RWX, VMM_GPT_WB);

	(void)state;
	write_entry(ROOT, 1, large);
	enter_with_flush(0);
	*entry(TABLE, 0) = 0;
	for (unsigned i = 0; i < 512; i++)
		write_entry(TABLE, i, leaf(512 + i, VMM_GPT_RWX));
	write_entry(ROOT, 1, vpeo_map_table(&vmm_gpt_ept, TABLE));
	caught(tlbcheck_complete(ROOT)); /* the size is another */
	tlbcheck_exit(0);
	tlbcheck_complete(ROOT);
	caught(tlbcheck_freed(512 + 77));
	for (unsigned i = 0; i < 512; i++)
		write_entry(TABLE, i, gpt_pte_freeze(leaf(512 + i, VMM_GPT_RWX)));
	write_entry(ROOT, 1, large);
	caught(tlbcheck_freed(512 + 77));
	tlbcheck_freed(TABLE);
	write_entry(ROOT, 1, 0);
	for (unsigned i = 0; i < 512; i++)
		tlbcheck_freed(512 + i);
}

static void walkers_in_software(void **state)
{
	(void)state;
	/* Who reads is in a section of that root, or has its lock. */
	caught(tlbcheck_read(0, entry(TABLE, 0)));
	tlbcheck_walk(0, OTHER_ROOT);
	caught(tlbcheck_read(0, entry(TABLE, 0)));
	tlbcheck_walk(0, ROOT);
	tlbcheck_read(0, entry(TABLE, 0));
	caught(tlbcheck_read(1, entry(ROOT, 0)));
	tlbcheck_hold(1, ROOT);
	tlbcheck_read(1, entry(ROOT, 0));
	tlbcheck_hold(1, 0);
	caught(tlbcheck_read(1, entry(ROOT, 0)));
	tlbcheck_read(1, entry(PAGE_A, 0)); /* no table */

	/* What it may have found does not come back before it leaves. */
	write_entry(TABLE, 0, 0);
	caught(tlbcheck_freed(PAGE_A));
	tlbcheck_walk(0, 0);
	tlbcheck_walk(0, ROOT); /* this one came too late to find it */
	tlbcheck_freed(PAGE_A);
	write_entry(ROOT, 0, 0);
	tlbcheck_walk(1, OTHER_ROOT);
	caught(tlbcheck_freed(TABLE));
	tlbcheck_walk(0, 0);
	tlbcheck_freed(TABLE);

	/* A root that has ended, or none has begun to watch, is read by anybody. */
	write_entry(ROOT, 0, vpeo_map_table(&vmm_gpt_ept, TABLE));
	caught(tlbcheck_read(0, entry(ROOT, 0)));
	tlbcheck_root_ends(ROOT);
	tlbcheck_read(0, entry(ROOT, 0));
	tlbcheck_read(0, entry(OTHER_ROOT, 0));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_entry_flushes), TEST(a_change_waits_for_those_inside),
		TEST(news_may_come_late),      TEST(what_takes_and_what_does_not),
		TEST(frames_come_back_late),   TEST(a_flush_before_the_store_is_none),
		TEST(roots_are_not_mixed_up),  TEST(large_leaves),
		TEST(walkers_in_software),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
