/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map: cases by hand, and random ones compared with a model of one bit per page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/host/memmap.h"
#include "test/unit/roll.h"

#define P	 UINT64_C(4096)
#define NO_LIMIT UINT64_MAX

enum { FREE = MEMORY_AVAILABLE, RESERVED = 2 };

static struct bootinfo info;
static struct memmap map;

/* As the loader gives them (multiboot2 specification 3.6.8). */
static struct entry {
	uint64_t base, length;
	uint32_t type, reserved;
} entries[20000];

static void add(uint64_t base, uint64_t length, uint32_t type)
{
	assert_true(info.nmap < sizeof(entries) / sizeof(entries[0]));
	entries[info.nmap++] = (struct entry){ base, length, type, 0 };
	info.map = (const uint8_t *)entries;
	info.map_step = sizeof(struct entry);
}

static void assert_ranges(unsigned n, const struct memory_range *want)
{
	assert_int_equal(map.n, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(map.ranges[i].start, want[i].start);
		assert_int_equal(map.ranges[i].end, want[i].end);
	}
}

#define ASSERT_RANGES(...)                                                                         \
	do {                                                                                       \
		static const struct memory_range want_[] = { __VA_ARGS__ };                        \
		assert_ranges(sizeof(want_) / sizeof(want_[0]), want_);                            \
	} while (0)

static int clear(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	memset(&map, 0xaa, sizeof(map));
	return 0;
}

static void sorts_and_merges(void **state)
{
	(void)state;
	add(8 * P, 2 * P, FREE);
	add(2 * P, 2 * P, FREE);
	add(4 * P, P, FREE);	 /* touches */
	add(9 * P, 3 * P, FREE); /* overlaps */
	add(20 * P, 4 * P, FREE);
	add(21 * P, P, FREE); /* inside */
	add(30 * P, 0, FREE); /* nothing */
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	ASSERT_RANGES({ 2 * P, 5 * P }, { 8 * P, 12 * P }, { 20 * P, 24 * P });
	assert_int_equal(memmap_bytes(&map), 11 * P);
}

static void one_may_close_many_gaps(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++)
		add((2 * i + 1) * P, P, FREE);
	add(0, 100 * P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	ASSERT_RANGES({ 0, 100 * P });
}

static void only_whole_pages_are_free(void **state)
{
	(void)state;
	add(P + 1, 3 * P, FREE);      /* 2, 3 */
	add(8 * P - 1, P + 1, FREE);  /* 8 */
	add(20 * P + 1, P - 1, FREE); /* none */
	add(30 * P - 1, 2, FREE);     /* none */
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	ASSERT_RANGES({ 2 * P, 4 * P }, { 8 * P, 9 * P });
}

static void reserved_wins(void **state)
{
	(void)state;
	add(10 * P, P, RESERVED); /* also before what it overlaps */
	add(0, 100 * P, FREE);
	add(20 * P + 5, 1, RESERVED); /* a byte costs a page */
	add(30 * P - 1, 2, RESERVED); /* two */
	add(40 * P, 0, RESERVED);     /* nothing */
	add(41 * P + 7, 0, RESERVED);
	add(90 * P, 50 * P, MEMORY_ACPI);
	add(50 * P, P, MEMORY_NVS);
	add(51 * P, P, 0);
	add(52 * P, P, UINT32_MAX); /* types that nobody knows */
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	ASSERT_RANGES({ 0, 10 * P }, { 11 * P, 20 * P }, { 21 * P, 29 * P }, { 31 * P, 50 * P },
		      { 53 * P, 90 * P });
}

static void limit_cuts(void **state)
{
	(void)state;
	add(0, 10 * P, FREE);
	add(20 * P, 10 * P, FREE);
	add(40 * P, 10 * P, FREE);
	assert_null(memmap_build(&map, &info, 25 * P));
	ASSERT_RANGES({ 0, 10 * P }, { 20 * P, 25 * P });
	assert_null(memmap_build(&map, &info, 20 * P));
	ASSERT_RANGES({ 0, 10 * P });
	assert_non_null(memmap_build(&map, &info, 0));
}

/* BIOSes hide data at both ends of low memory; page 0 is nobody's. */
static void low_memory_from_the_middle(void **state)
{
	(void)state;
	add(0, 0x9f000, FREE);
	add(256 * P, 1000 * P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_take_low(&map, 2 * P), 0x4f000);
	ASSERT_RANGES({ 0, 0x4f000 }, { 0x51000, 0x9f000 }, { 256 * P, 1256 * P });
	assert_int_equal(memmap_take_low(&map, 0x4e000), 0x1000); /* that is all of the first */
	assert_int_equal(memmap_take_low(&map, 0x4f000), 0);
}

static void no_low_memory(void **state)
{
	(void)state;
	add(0, 2 * P, FREE); /* page 0 is not taken */
	add(0x9f000, 100 * P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_take_low(&map, 2 * P), 0);
	assert_int_equal(map.n, 2);
	assert_int_equal(memmap_take_low(&map, P), P);
	assert_int_equal(memmap_take_low(&map, P), 0x9f000);
	assert_int_equal(memmap_take_low(&map, P), 0);
	ASSERT_RANGES({ 0, P }, { 0xa0000, 0x9f000 + 100 * P });
}

static void nothing_free_is_an_error(void **state)
{
	(void)state;
	assert_non_null(memmap_build(&map, &info, NO_LIMIT));
	add(0, 10 * P, RESERVED);
	assert_non_null(memmap_build(&map, &info, NO_LIMIT));
	add(2 * P, 2 * P, FREE);
	assert_non_null(memmap_build(&map, &info, NO_LIMIT));
	add(12 * P, 1, FREE);
	assert_non_null(memmap_build(&map, &info, NO_LIMIT));
}

static void the_top_of_the_address_space(void **state)
{
	uint64_t last = UINT64_MAX / P * P;

	(void)state;
	add(last - 4 * P, 4 * P, FREE);
	add(0x1000, UINT64_MAX - 0x1000, 3); /* up to the last byte but one */
	add(last - P, P + (P - 1), FREE);
	assert_non_null(memmap_build(&map, &info, NO_LIMIT));
	clear(NULL);
	add(last - 4 * P, 4 * P, FREE);
	add(last - 2 * P + 1, 2 * P - 2 + P, RESERVED);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.n, 1);
	assert_int_equal(map.ranges[0].start, last - 4 * P);
	assert_int_equal(map.ranges[0].end, last - 2 * P);
}

/* What is in the map is available, and not reserved: by the entries themselves. */
static void assert_safe(void)
{
	for (unsigned i = 0; i < map.n; i++) {
		const struct memory_range *r = &map.ranges[i];

		assert_true(r->start < r->end && (i == 0 || r[-1].end < r->start));
		for (unsigned k = 0; k < info.nmap; k++)
			if (entries[k].type != FREE && entries[k].length)
				assert_true(entries[k].base >= r->end ||
					    entries[k].base + entries[k].length <= r->start);
	}
}

/* The map of a report: 9fc00 bytes, 127 MiB, and then 155 parts of 12 KiB between reserved ones. */
static void many_entries_are_all_used(void **state)
{
	uint64_t parts = 155;

	(void)state;
	add(0, 0x9fc00, FREE);
	add(0x9fc00, 0x60400, RESERVED);
	add(0x100000, 0x7f00000, FREE);
	for (uint64_t i = 0; i < parts; i++) {
		add(0x8003000 + i * 0x6000, 0x3000, RESERVED);
		add(0x8006000 + i * 0x6000, 0x3000, FREE);
	}
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.n, parts + 2);
	assert_int_equal(memmap_bytes(&map), 0x9f000 + 0x7f00000 + parts * 0x3000);
	assert_int_equal(map.given_up, 0);
	assert_safe();
}

/* However many: the largest are there, nothing that is reserved is, and the rest is counted. */
static void more_entries_than_there_is_room_for(void **state)
{
	enum { N = 9000 };
	uint64_t all = 0;
	unsigned largest;

	(void)state;
	for (unsigned order = 0; order < 3; order++) {
		clear(NULL);
		add(0, N * 8 * P, order < 2 ? FREE : RESERVED);
		all = 0;
		for (uint64_t i = 0; i < N; i++) {
			uint64_t at = order == 1 ? N - 1 - i : i, size = 1 + at % 7;

			if (order < 2)
				add((8 * at + size) * P, (8 - size) * P, RESERVED);
			else
				add((N * 8 + 8 * at) * P, size * P, FREE);
			all += size * P;
		}
		assert_null(memmap_build(&map, &info, NO_LIMIT));
		assert_int_equal(map.n, MEMMAP_MAX);
		assert_int_equal(memmap_bytes(&map) + map.given_up, all);
		largest = 0;
		for (unsigned i = 0; i < map.n; i++)
			largest += map.ranges[i].end - map.ranges[i].start == 7 * P;
		assert_true(largest >= MEMMAP_MAX - 1); /* the last one needed no room */
		assert_safe();
	}
}

static void taking_out_where_there_is_no_room(void **state)
{
	uint64_t free_pages = 0;

	(void)state;
	add(0, 4 * MEMMAP_MAX * P, FREE);
	for (uint64_t i = 1; i < MEMMAP_MAX; i++)
		add(3 * i * P, P, RESERVED);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.n, MEMMAP_MAX);
	free_pages = memmap_bytes(&map) / P;
	memmap_remove(&map, (4 * MEMMAP_MAX - 9) * P, (4 * MEMMAP_MAX - 8) * P);
	assert_int_equal(map.n, MEMMAP_MAX);
	assert_int_equal(memmap_bytes(&map) / P, free_pages - 1 - 2);
	assert_int_equal(map.given_up, 2 * P);
	assert_true(memmap_has(&map, (4 * MEMMAP_MAX - 8) * P, 4 * MEMMAP_MAX * P));
	assert_false(memmap_has(&map, (4 * MEMMAP_MAX - 9) * P, (4 * MEMMAP_MAX - 8) * P));
	assert_int_equal(memmap_take(&map, P, P, (4 * MEMMAP_MAX - 20) * P),
			 (4 * MEMMAP_MAX - 21) * P);
	assert_int_equal(map.n, MEMMAP_MAX);
	assert_safe();
}

/* An entry that cannot be true: what it takes away counts, what it gives does not. */
static void entries_that_wrap(void **state)
{
	(void)state;
	add(0, 100 * P, FREE);
	add(UINT64_MAX - 0xffff, 0x10000, RESERVED); /* ends at 2^64: does not wrap */
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.wrapped, 0);
	ASSERT_RANGES({ 0, 100 * P });

	add(UINT64_MAX - 0xffff, 0x20000, RESERVED);
	add(UINT64_MAX - 8 * P + 1, 8 * P, FREE); /* the last page of all is never used */
	assert_null(memmap_build(&map, &info, UINT64_C(1) << 46));
	assert_int_equal(map.wrapped, 1);
	ASSERT_RANGES({ 0, 100 * P });

	add(50 * P, UINT64_MAX, RESERVED);
	add(200 * P, UINT64_MAX, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.wrapped, 3);
	ASSERT_RANGES({ 0, 50 * P });
}

static void what_is_beyond_the_limit_is_counted(void **state)
{
	(void)state;
	add(0, 10 * P, FREE);
	add(20 * P, 10 * P, FREE);
	add(40 * P, 10 * P, FREE);
	add(60 * P, 10 * P, RESERVED);
	assert_null(memmap_build(&map, &info, 25 * P));
	assert_int_equal(map.beyond, 15 * P);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(map.beyond, 0);
}

/* A range is kept if it is worth eight times the records that it takes, 16 bytes a page. */
static void remote_memory_has_to_be_worth_its_records(void **state)
{
	const uint64_t gib = UINT64_C(1) << 30, tib = gib << 10;

	(void)state;
	add(P, 4 * gib - P, FREE);
	add(tib, 16 * gib, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_drop_remote(&map, 16), 16 * gib); /* of 4 GiB of records */
	ASSERT_RANGES({ P, UINT64_C(4) << 30 });

	add(tib + 16 * gib, 32 * gib, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_drop_remote(&map, 16), 0);
	assert_int_equal(map.n, 2);

	/* In two parts, of which neither is worth it alone. */
	add(tib + 20 * gib, gib, RESERVED);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_drop_remote(&map, 16), 0);
	assert_int_equal(map.n, 3);

	/* Memory without holes always is; and one range is always left. */
	clear(NULL);
	add(P, 1024 * tib, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_drop_remote(&map, 16), 0);
	clear(NULL);
	add(tib, P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_drop_remote(&map, 16), 0);
	assert_int_equal(map.n, 1);
}

/* No page below 1 MiB, or page 0 only; and an image where the map gives nothing. */
static void maps_without_low_memory(void **state)
{
	(void)state;
	add(0, 0x100000, RESERVED);
	add(0x100000, 0x700000, FREE);
	add(0x800000, 0x8000, MEMORY_NVS);
	add(0x808000, 0x3000, FREE);
	add(0x80b000, 0x1000, MEMORY_NVS);
	add(0x80c000, 0x5000, FREE);
	add(0x811000, 0xef000, MEMORY_NVS);
	add(0x900000, 0x7e5ec000, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_take(&map, P, P, 0x100000), 0);
	assert_int_equal(map.n, 4);
	assert_true(memmap_has(&map, 0x100000, 0x27e000));

	clear(NULL);
	add(0, 0x1000, FREE);
	add(0x1000, 0xff000, RESERVED);
	add(0x100000, 0x40000, RESERVED);
	add(0x140000, 0x7e9f000, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_take(&map, P, P, 0x100000), 0);
	assert_false(memmap_has(&map, 0x100000, 0x27e000));
	memmap_remove(&map, 0, 0x100000);
	memmap_remove(&map, 0x100000, 0x27e000);
	ASSERT_RANGES({ 0x27e000, 0x7fdf000 });
}

static void remove_takes_out(void **state)
{
	(void)state;
	add(10 * P, 10 * P, FREE);
	add(30 * P, 10 * P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	memmap_remove(&map, 0, 10 * P);
	memmap_remove(&map, 20 * P, 30 * P);
	memmap_remove(&map, 40 * P, UINT64_MAX);
	memmap_remove(&map, 12 * P, 12 * P);
	ASSERT_RANGES({ 10 * P, 20 * P }, { 30 * P, 40 * P });
	memmap_remove(&map, 15 * P + 1, 16 * P);
	ASSERT_RANGES({ 10 * P, 15 * P }, { 16 * P, 20 * P }, { 30 * P, 40 * P });
	memmap_remove(&map, 14 * P, 31 * P);
	ASSERT_RANGES({ 10 * P, 14 * P }, { 31 * P, 40 * P });
	memmap_remove(&map, 0, UINT64_MAX);
	assert_int_equal(map.n, 0);
	assert_int_equal(memmap_bytes(&map), 0);
	assert_int_equal(memmap_take(&map, P, P, NO_LIMIT), 0);
}

static void take_is_from_the_top(void **state)
{
	(void)state;
	add(16 * P, 16 * P, FREE);
	add(64 * P, 4 * P, FREE);
	assert_null(memmap_build(&map, &info, NO_LIMIT));
	assert_int_equal(memmap_take(&map, 1, P, NO_LIMIT), 67 * P);
	assert_int_equal(memmap_take(&map, P + 1, P, NO_LIMIT), 65 * P);
	assert_int_equal(memmap_take(&map, 2 * P, P, NO_LIMIT), 30 * P);
	assert_int_equal(memmap_take(&map, P, 4 * P, 64 * P), 28 * P);
	assert_int_equal(memmap_take(&map, P, P, 64 * P), 29 * P);
	assert_int_equal(memmap_take(&map, P, P, 20 * P + 5), 19 * P);
	ASSERT_RANGES({ 16 * P, 19 * P }, { 20 * P, 28 * P }, { 64 * P, 65 * P });
	assert_int_equal(memmap_take(&map, P, P, 16 * P), 0);
	assert_int_equal(memmap_take(&map, 9 * P, P, NO_LIMIT), 0);
	assert_int_equal(memmap_take(&map, P, 128 * P, NO_LIMIT), 0);
	assert_int_equal(memmap_take(&map, 8 * P, P, NO_LIMIT), 20 * P);
}

/* One bit for each page of a window. */
enum { PAGES = 192 };
#define WINDOW	   (UINT64_C(1) << 36)
#define PAGE_AT(i) (WINDOW + (i)*P)
static bool model[PAGES];

static void model_build(uint64_t limit)
{
	for (unsigned page = 0; page < PAGES; page++) {
		uint64_t start = PAGE_AT(page), end = start + P;

		model[page] = false;
		for (unsigned i = 0; i < info.nmap; i++)
			if (entries[i].type == FREE && entries[i].base <= start &&
			    entries[i].base + entries[i].length >= end && end <= limit)
				model[page] = true;
		for (unsigned i = 0; i < info.nmap; i++)
			if (entries[i].type != FREE && entries[i].length && entries[i].base < end &&
			    entries[i].base + entries[i].length > start)
				model[page] = false;
	}
}

static void assert_model(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < map.n; i++) {
		const struct memory_range *r = &map.ranges[i];

		assert_true(r->start < r->end);
		assert_true(r->start % P == 0 && r->end % P == 0);
		assert_true(i == 0 || map.ranges[i - 1].end < r->start);
		assert_true(r->start >= WINDOW && r->end <= PAGE_AT(PAGES));
		for (uint64_t at = r->start; at < r->end; at += P)
			assert_true(model[(at - WINDOW) / P]);
	}
	for (unsigned page = 0; page < PAGES; page++)
		bytes += model[page] * P;
	assert_int_equal(memmap_bytes(&map), bytes);
}

/* Where memmap_take has to take from, by trying everything from the top. */
static uint64_t model_take(uint64_t pages, uint64_t align, uint64_t limit)
{
	for (unsigned top = PAGES; top-- > 0;) {
		unsigned bottom = top;

		if (!model[top] || (top + 1 < PAGES && model[top + 1]))
			continue; /* not the top of a range */
		while (bottom && model[bottom - 1])
			bottom--;
		for (unsigned at = top + 1; at-- > bottom;) {
			uint64_t end = PAGE_AT(at) + pages * P;

			if (PAGE_AT(at) % align || end > PAGE_AT(top + 1) || end > limit)
				continue;
			for (unsigned i = 0; i < pages; i++)
				model[at + i] = false;
			return PAGE_AT(at);
		}
	}
	return 0;
}

static uint64_t roll_address(void)
{
	uint64_t address = PAGE_AT(roll(PAGES + 1));

	if (address > WINDOW && roll(3) == 0)
		address -= roll(P);
	return address;
}

static void agrees_with_the_model(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t limit = roll(3) ? NO_LIMIT : PAGE_AT(roll(PAGES + 1));
		const char *error;

		clear(NULL);
		for (uint64_t n = roll(12) + 1; n--;) {
			uint64_t a = roll_address(), b = roll_address();

			add(a < b ? a : b, a < b ? b - a : a - b, roll(2) ? FREE : RESERVED);
		}
		error = memmap_build(&map, &info, limit);
		model_build(limit);
		assert_model();
		assert_true(!error == !!map.n);
		for (unsigned i = 0; i < 20; i++) {
			if (roll(3) == 0) {
				uint64_t a = roll_address(), b = a + roll(4 * P);

				memmap_remove(&map, a, b);
				for (unsigned page = 0; page < PAGES; page++)
					if (a < b && PAGE_AT(page) < b && PAGE_AT(page) + P > a)
						model[page] = false;
			} else {
				uint64_t size = roll(6 * P) + 1, align = P << roll(4);
				uint64_t below = roll(2) ? NO_LIMIT : roll_address();
				uint64_t want = model_take((size + P - 1) / P, align, below);

				assert_int_equal(memmap_take(&map, size, align, below), want);
			}
			assert_model();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sorts_and_merges, clear),
		cmocka_unit_test_setup(one_may_close_many_gaps, clear),
		cmocka_unit_test_setup(only_whole_pages_are_free, clear),
		cmocka_unit_test_setup(reserved_wins, clear),
		cmocka_unit_test_setup(limit_cuts, clear),
		cmocka_unit_test_setup(low_memory_from_the_middle, clear),
		cmocka_unit_test_setup(no_low_memory, clear),
		cmocka_unit_test_setup(nothing_free_is_an_error, clear),
		cmocka_unit_test_setup(the_top_of_the_address_space, clear),
		cmocka_unit_test_setup(many_entries_are_all_used, clear),
		cmocka_unit_test_setup(more_entries_than_there_is_room_for, clear),
		cmocka_unit_test_setup(taking_out_where_there_is_no_room, clear),
		cmocka_unit_test_setup(entries_that_wrap, clear),
		cmocka_unit_test_setup(what_is_beyond_the_limit_is_counted, clear),
		cmocka_unit_test_setup(remote_memory_has_to_be_worth_its_records, clear),
		cmocka_unit_test_setup(maps_without_low_memory, clear),
		cmocka_unit_test_setup(remove_takes_out, clear),
		cmocka_unit_test_setup(take_is_from_the_top, clear),
		cmocka_unit_test_setup(agrees_with_the_model, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
