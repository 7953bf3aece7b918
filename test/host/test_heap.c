/* SPDX-License-Identifier: BSD-2-Clause */
/* Small objects: apart, zeroed, and their pages come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/host/heap.h"
#include "kernel/host/pages.h"
#include "test/host/roll.h"

#define P UINT64_C(4096)

enum { FRAMES = 512, OBJECTS = 2000 };

static struct frame frames[FRAMES];
static uint8_t *arena;
static uint64_t all;

static int begin(void **state)
{
	static const struct memory_range range = { 0, FRAMES * P };

	(void)state;
	arena = mmap(NULL, FRAMES * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return 1;
	memset(arena, 0xcc, FRAMES * P);
	memset(frames, 0, sizeof(frames));
	pages_init(frames, FRAMES, (uintptr_t)arena, &range, 1);
	all = pages_free_count();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	return munmap(arena, FRAMES * P);
}

static bool all_are(const uint8_t *bytes, size_t n, uint8_t value)
{
	while (n--)
		if (bytes[n] != value)
			return false;
	return true;
}

/* Each object holds its own number: none is in another, or in the page's own words. */
static void objects_of_every_size(void **state)
{
	static uint8_t *held[OBJECTS];

	(void)state;
	for (size_t size = 16; size <= 1024; size += 8) {
		struct heap heap = { .size = size };
		unsigned n = 0, dirty = 0;

		for (unsigned step = 0; step < 1200; step++) {
			if (roll(5) < (step < 700 ? 4 : 1) && n < OBJECTS) {
				uint8_t *o = heap_get(&heap);

				assert_non_null(o);
				assert_true(o >= arena && o + size <= arena + FRAMES * P);
				assert_int_equal((uintptr_t)o % 8, 0);
				assert_int_equal((uintptr_t)o / P, (uintptr_t)(o + size - 1) / P);
				assert_true(all_are(o, size, 0));
				memset(o, (int)(n % 255 + 1), size);
				held[n++] = o;
			} else if (n) { /* the last one's number is known */
				n--;
				assert_true(all_are(held[n], size, (uint8_t)(n % 255 + 1)));
				heap_put(&heap, held[n]);
				dirty++;
			}
		}
		assert_true(dirty > 100);
		while (n--) {
			assert_true(all_are(held[n], size, (uint8_t)(n % 255 + 1)));
			heap_put(&heap, held[n]);
		}
		assert_null(heap.partial);
		assert_int_equal(pages_free_count(), all);
		assert_null(pages_check());
	}
}

static void in_any_order(void **state)
{
	struct heap heaps[2] = { { .size = 48 }, { .size = 200 } };
	uint8_t *held[300];
	unsigned n = 0;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		if (n < 300 && roll(2)) {
			held[n] = heap_get(&heaps[n % 2]);
			assert_non_null(held[n]);
			held[n++][0] = 1;
		} else if (n) {
			unsigned k = (n - 1) % 2, i = (unsigned)roll((n + 1 - k) / 2) * 2 + k;

			assert_int_equal(held[i][0], 1);
			heap_put(&heaps[k], held[i]);
			held[i] = held[--n];
		}
	}
	while (n--)
		heap_put(&heaps[n % 2], held[n]);
	assert_int_equal(pages_free_count(), all);
}

static void pages_are_used_well_and_given_back_at_once(void **state)
{
	struct heap heap = { .size = 1000 };
	void *held[9];

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		assert_non_null(held[i] = heap_get(&heap));
		assert_true(all - pages_free_count() <= i / 3 + 1);
	}
	heap_put(&heap, held[4]);
	assert_ptr_equal(heap_get(&heap), held[4]); /* there was room again */
	for (unsigned i = 0; i < 9; i++) {
		uint64_t in_use = all - pages_free_count();

		heap_put(&heap, held[i]);
		assert_true(all - pages_free_count() >= in_use - 1);
	}
	assert_int_equal(pages_free_count(), all);
}

static void no_memory(void **state)
{
	struct heap heap = { .size = 1024 };
	void *held[3];

	(void)state;
	pages_set_quota(1);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(held[i] = heap_get(&heap));
	assert_null(heap_get(&heap));
	assert_null(heap_get(&heap));
	heap_put(&heap, held[1]);
	assert_ptr_equal(heap_get(&heap), held[1]);
	pages_set_quota(0);
	assert_null(heap_get(&heap));
	for (unsigned i = 0; i < 3; i++)
		heap_put(&heap, held[i]);
	pages_set_quota(UINT64_MAX);
	assert_int_equal(pages_free_count(), all);
}

static void back_to_its_own_heap(void **state)
{
	struct heap heap = { .size = 64 }, other = { .size = 64 };
	void *o = heap_get(&heap);

	(void)state;
	expect_assert_failure(heap_put(&other, o));
	heap_put(&heap, o);
	assert_int_equal(pages_free_count(), all);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_of_every_size),
		TEST(in_any_order),
		TEST(pages_are_used_well_and_given_back_at_once),
		TEST(no_memory),
		TEST(back_to_its_own_heap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
