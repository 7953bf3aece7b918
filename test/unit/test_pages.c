/* SPDX-License-Identifier: BSD-2-Clause */
/* The page allocator, in an arena. A model records the allocated pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/host/pages.h"
#include "test/unit/roll.h"

#define P UINT64_C(4096)

enum { FRAMES = 3000, USABLE = 99 + 1 + 2398 };

/* pfn 0 is never handed out; odd ends, and a hole. */
static const struct memory_range ranges[] = { { 0, 100 * P },
					      { 103 * P, 104 * P },
					      { 513 * P, 2911 * P } };
static struct frame *frames;
static uint8_t *arena;

static int begin(void **state)
{
	(void)state;
	frames = calloc(FRAMES, sizeof(*frames));
	arena = mmap(NULL, FRAMES * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!frames || arena == MAP_FAILED)
		return 1;
	pages_init(frames, FRAMES, (uintptr_t)arena, ranges, 3);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	free(frames);
	return munmap(arena, FRAMES * P);
}

static bool usable(uint64_t pfn)
{
	if (!pfn)
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (pfn * P >= ranges[i].start && pfn * P < ranges[i].end)
			return true;
	return false;
}

static void assert_sound(uint64_t n)
{
	assert_null(pages_check());
	assert_int_equal(pages_free_count(), n);
}

static void shuffle(uint64_t *v, unsigned n)
{
	while (n > 1) {
		uint64_t i = roll(n--), t = v[i];

		v[i] = v[n];
		v[n] = t;
	}
}

static void begins_with_all(void **state)
{
	(void)state;
	assert_sound(USABLE);
	assert_int_equal(pages_total(), USABLE);
	assert_int_equal(pages_highest_free(), 2910);
	assert_int_equal(page_frame(0)->kind, FRAME_NONE);
	assert_int_equal(page_frame(101)->kind, FRAME_NONE);
	assert_int_equal(page_frame(FRAMES - 1)->kind, FRAME_NONE);
	assert_ptr_equal(page_ptr(7), arena + 7 * P);
}

static void every_page_once(void **state)
{
	static uint64_t got[USABLE];
	bool seen[FRAMES] = { false };

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (unsigned i = 0; i < USABLE; i++) {
			got[i] = pages_alloc(0, FRAME_GUEST);
			assert_true(usable(got[i]));
			assert_false(seen[got[i]]);
			seen[got[i]] = true;
			assert_int_equal(page_frame(got[i])->kind, FRAME_GUEST);
			assert_null(page_frame(got[i])->owner);
		}
		assert_int_equal(pages_alloc(0, FRAME_GUEST), 0);
		assert_int_equal(page_alloc_zeroed(FRAME_HOST), 0);
		assert_int_equal(pages_highest_free(), 0);
		assert_sound(0);
		shuffle(got, USABLE);
		for (unsigned i = 0; i < USABLE; i++)
			pages_free(got[i], 0, FRAME_GUEST);
		assert_sound(USABLE);
	}
	/* All halves found each other: what is there is there in one piece. */
	assert_true(pages_alloc(10, FRAME_HOST));
	assert_true(pages_alloc(9, FRAME_HOST));
	assert_int_equal(pages_highest_free(), 2910);
}

static void blocks_are_aligned_and_apart(void **state)
{
	static struct {
		uint64_t pfn;
		unsigned order;
		enum frame_kind kind;
	} held[USABLE];
	static uint8_t used[FRAMES];
	unsigned n = 0, out = 0;

	(void)state;
	memset(used, 0, sizeof(used));
	for (unsigned step = 0; step < 60000; step++) {
		bool grow = step / 3000 % 2 ? roll(3) == 0 : roll(3) > 0;

		if (grow) {
			unsigned order = (unsigned)roll(roll(4) ? 3 : 12);
			enum frame_kind kind = FRAME_HOST + (enum frame_kind)roll(3);
			uint64_t pfn = pages_alloc(order, kind);

			if (!pfn) {
				assert_true(order || out == USABLE);
				continue;
			}
			assert_int_equal(pfn % (UINT64_C(1) << order), 0);
			for (uint64_t i = pfn; i < pfn + (UINT64_C(1) << order); i++) {
				assert_true(usable(i));
				assert_false(used[i]);
				used[i] = 1;
			}
			out += 1u << order;
			held[n].pfn = pfn;
			held[n].order = order;
			held[n++].kind = kind;
		} else if (n) {
			unsigned i = (unsigned)roll(n);

			pages_free(held[i].pfn, held[i].order, held[i].kind);
			memset(used + held[i].pfn, 0, UINT64_C(1) << held[i].order);
			out -= 1u << held[i].order;
			held[i] = held[--n];
		}
		assert_int_equal(pages_free_count(), USABLE - out);
		if (step % 256 == 0)
			assert_null(pages_check());
	}
	while (n--)
		pages_free(held[n].pfn, held[n].order, held[n].kind);
	assert_sound(USABLE);
}

static void the_largest_block(void **state)
{
	enum { HUGE_ = 3 << PAGE_MAX_ORDER };
	const struct memory_range all = { 0, HUGE_ * P };
	struct frame *many = calloc(HUGE_, sizeof(*many));
	uint64_t a, b;

	(void)state;
	pages_init(many, HUGE_, 0, &all, 1);
	a = pages_alloc(PAGE_MAX_ORDER, FRAME_HOST);
	b = pages_alloc(PAGE_MAX_ORDER, FRAME_HOST);
	assert_true(a && b && a != b);
	assert_int_equal((a | b) % (1 << PAGE_MAX_ORDER), 0);
	assert_int_equal(pages_alloc(PAGE_MAX_ORDER, FRAME_HOST), 0);
	assert_sound((1 << PAGE_MAX_ORDER) - 1);
	pages_free(a, PAGE_MAX_ORDER, FRAME_HOST);
	pages_free(b, PAGE_MAX_ORDER, FRAME_HOST);
	assert_sound(HUGE_ - 1);
	free(many);
}

/* The highest pages that the records' links can name. Most of the records are never touched. */
static void at_the_end_of_the_records(void **state)
{
	const uint64_t n = PAGES_END / P, size = n * sizeof(struct frame);
	const struct memory_range two[] = { { P, 9 * P }, { PAGES_END - 1500 * P, PAGES_END } };
	struct frame *many = mmap(NULL, size + P, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t page, block;

	(void)state;
	assert_true(many != MAP_FAILED);
	pages_init(many, n, 0, two, 2);
	assert_sound(1508);
	assert_int_equal(pages_highest_free(), n - 1);
	block = pages_alloc(10, FRAME_HOST);
	assert_int_equal(block, n - 1024);
	for (unsigned i = 0; i < 1508 - 1024; i++) {
		page = pages_alloc(0, FRAME_GUEST);
		assert_true((page >= 1 && page < 9) || (page >= n - 1500 && page < n - 1024));
	}
	assert_int_equal(pages_alloc(0, FRAME_GUEST), 0);
	assert_int_equal(pages_in_use(FRAME_GUEST), 1508 - 1024);
	pages_free(block, 10, FRAME_HOST);
	pages_free(n - 1025, 0, FRAME_GUEST);
	assert_int_equal(pages_highest_free(), n - 1);
	assert_sound(1025);
	expect_assert_failure(pages_init(many, n + 1, 0, two, 2));
	assert_int_equal(munmap(many, size + P), 0);
}

/* How many blocks there are matters, not how many pages: 4 TiB are checked 100 times. */
static void large_memory_is_walked_by_blocks(void **state)
{
	const uint64_t n = (UINT64_C(4) << 40) / P, size = n * sizeof(struct frame);
	const struct memory_range all = { 0, n * P };
	struct frame *many = mmap(NULL, size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	assert_true(many != MAP_FAILED);
	pages_init(many, n, 0, &all, 1);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(pages_highest_free(), n - 1);
		assert_int_equal(pages_in_use(FRAME_GUEST), 0);
		assert_sound(n - 1);
	}
	assert_int_equal(munmap(many, size), 0);
}

static void a_page_is_zeroed(void **state)
{
	uint64_t first;

	(void)state;
	memset(arena, 0xcc, FRAMES * P);
	first = page_alloc_zeroed(FRAME_TABLE);
	for (unsigned i = 0; i < P; i++)
		assert_int_equal(((uint8_t *)page_ptr(first))[i], 0);
	/* And nothing beside it. */
	for (uint64_t i = 0; i < FRAMES * P; i++)
		if (i / P != first && arena[i] != 0xcc)
			fail_msg("byte 0x%lx was changed", (unsigned long)i);
	page_free(first, FRAME_TABLE);
	assert_sound(USABLE);
}

static void quota(void **state)
{
	uint64_t got[5];

	(void)state;
	pages_set_quota(5);
	for (unsigned i = 0; i < 5; i++)
		assert_true(got[i] = pages_alloc(0, FRAME_GUEST));
	assert_int_equal(pages_alloc(0, FRAME_GUEST), 0);
	pages_free(got[0], 0, FRAME_GUEST);
	pages_free(got[1], 0, FRAME_GUEST);
	assert_int_equal(pages_alloc(2, FRAME_GUEST), 0);
	assert_true(got[0] = pages_alloc(1, FRAME_GUEST));
	assert_int_equal(pages_alloc(0, FRAME_GUEST), 0);
	pages_set_quota(UINT64_MAX);
	assert_true(got[1] = pages_alloc(0, FRAME_GUEST));
	pages_free(got[0], 1, FRAME_GUEST);
	for (unsigned i = 1; i < 5; i++)
		pages_free(got[i], 0, FRAME_GUEST);
	pages_set_quota(0);
	assert_int_equal(page_alloc_zeroed(FRAME_HOST), 0);
	pages_set_quota(UINT64_MAX);
	assert_sound(USABLE);
}

static void the_nth_allocation_fails(void **state)
{
	uint64_t got[8];

	(void)state;
	assert_false(pages_fail_at(3));
	for (unsigned i = 0; i < 8; i++) {
		got[i] = pages_alloc(i % 2, FRAME_GUEST);
		assert_int_equal(!got[i], i == 2);
	}
	assert_true(pages_fail_at(0));
	assert_false(pages_fail_at(1));
	assert_int_equal(page_alloc_zeroed(FRAME_GUEST), 0);
	assert_true(pages_fail_at(5));
	assert_false(pages_fail_at(0));
	for (unsigned i = 0; i < 8; i++)
		if (got[i])
			pages_free(got[i], i % 2, FRAME_GUEST);
	assert_sound(USABLE);
}

static void a_block_in_parts(void **state)
{
	uint64_t block = pages_alloc(9, FRAME_GUEST), others = pages_in_use(FRAME_GUEST) - 512;

	(void)state;
	assert_true(block);
	assert_int_equal(others, 0);
	pages_break(block, 9, 0, FRAME_GUEST);
	assert_int_equal(pages_in_use(FRAME_GUEST), 512);
	assert_sound(USABLE - 512);
	expect_assert_failure(pages_free(block, 9, FRAME_GUEST));
	pages_free(block + 3, 0, FRAME_GUEST);
	assert_int_equal(pages_in_use(FRAME_GUEST), 511);
	expect_assert_failure(pages_join(block, 0, 9, FRAME_GUEST)); /* one is missing */
	assert_sound(USABLE - 511);
}

static void parts_become_a_block_again(void **state)
{
	uint64_t blocks = pages_blocks(9), block = pages_alloc(9, FRAME_GUEST);

	(void)state;
	assert_int_equal(pages_blocks(9), blocks - 1);
	pages_break(block, 9, 4, FRAME_GUEST);
	pages_break(block + 16, 4, 0, FRAME_GUEST);
	pages_join(block + 16, 0, 4, FRAME_GUEST);
	expect_assert_failure(pages_join(block + 16, 4, 9, FRAME_GUEST)); /* not aligned */
	pages_join(block, 4, 9, FRAME_GUEST);
	assert_int_equal(pages_in_use(FRAME_GUEST), 512);
	pages_free(block, 9, FRAME_GUEST);
	assert_int_equal(pages_blocks(9), blocks);
	assert_sound(USABLE);
}

static void what_is_not_out_cannot_come_back(void **state)
{
	uint64_t page = pages_alloc(0, FRAME_GUEST), block = pages_alloc(3, FRAME_HOST);

	(void)state;
	expect_assert_failure(pages_free(page, 0, FRAME_HOST));
	expect_assert_failure(pages_free(page, 1, FRAME_GUEST));
	expect_assert_failure(pages_free(block, 2, FRAME_HOST));
	expect_assert_failure(pages_free(block + 1, 0, FRAME_HOST));
	expect_assert_failure(pages_free(block + 4, 2, FRAME_HOST));
	expect_assert_failure(pages_free(0, 0, FRAME_HOST));
	expect_assert_failure(pages_free(101, 0, FRAME_HOST));
	expect_assert_failure(pages_free(FRAMES, 0, FRAME_HOST));
	expect_assert_failure(pages_free(UINT64_MAX, 0, FRAME_HOST));
	assert_sound(USABLE - 9);
	pages_free(page, 0, FRAME_GUEST);
	expect_assert_failure(pages_free(page, 0, FRAME_GUEST));
	pages_free(block, 3, FRAME_HOST);
	expect_assert_failure(pages_free(block, 3, FRAME_HOST));
	assert_sound(USABLE);
}

static void ranges_have_records(void **state)
{
	const struct memory_range beyond = { P, (FRAMES + 1) * P };

	(void)state;
	expect_assert_failure(pages_init(frames, FRAMES, 0, &beyond, 1));
}

static void no_ranges_no_pages(void **state)
{
	(void)state;
	pages_init(frames, FRAMES, (uintptr_t)arena, NULL, 0);
	assert_sound(0);
	assert_int_equal(page_alloc_zeroed(FRAME_HOST), 0);
}

static void the_check_sees_damage(void **state)
{
	uint64_t page = pages_alloc(0, FRAME_GUEST), highest = pages_highest_free();
	struct frame *free_ = NULL, was;

	(void)state;
	assert_null(pages_check());
	page_frame(page)->kind = FRAME_FREE; /* is in no list */
	assert_non_null(pages_check());
	page_frame(page)->kind = FRAME_GUEST;
	assert_null(pages_check());
	while (!free_)
		if (page_frame(highest--)->kind == FRAME_FREE)
			free_ = page_frame(highest + 1);
	was = *free_;
	free_->kind = FRAME_GUEST;
	assert_non_null(pages_check());
	*free_ = was;
	free_->order++;
	assert_non_null(pages_check());
	*free_ = was;
	free_->prev = 5;
	assert_non_null(pages_check());
	*free_ = was;
	assert_null(pages_check());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(begins_with_all),
		TEST(every_page_once),
		TEST(blocks_are_aligned_and_apart),
		TEST(the_largest_block),
		TEST(at_the_end_of_the_records),
		TEST(large_memory_is_walked_by_blocks),
		TEST(a_page_is_zeroed),
		TEST(quota),
		TEST(the_nth_allocation_fails),
		TEST(a_block_in_parts),
		TEST(parts_become_a_block_again),
		TEST(what_is_not_out_cannot_come_back),
		TEST(ranges_have_records),
		TEST(no_ranges_no_pages),
		TEST(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
