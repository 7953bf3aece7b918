/* SPDX-License-Identifier: BSD-2-Clause */
/* The slab allocator: objects do not overlap, are zeroed, and their pages are freed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/host/pages.h"
#include "kernel/host/slab.h"
#include "test/unit/roll.h"

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
		struct slab heap = { .size = size };
		unsigned n = 0, dirty = 0;

		for (unsigned step = 0; step < 1200; step++) {
			if (roll(5) < (step < 700 ? 4 : 1) && n < OBJECTS) {
				uint8_t *o = slab_alloc(&heap);

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
				slab_free(&heap, held[n]);
				dirty++;
			}
		}
		assert_true(dirty > 100);
		while (n--) {
			assert_true(all_are(held[n], size, (uint8_t)(n % 255 + 1)));
			slab_free(&heap, held[n]);
		}
		assert_null(heap.partial);
		assert_int_equal(pages_free_count(), all);
		assert_null(pages_check());
	}
}

static void in_any_order(void **state)
{
	struct slab heaps[2] = { { .size = 48 }, { .size = 200 } };
	uint8_t *held[300];
	unsigned n = 0;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		if (n < 300 && roll(2)) {
			held[n] = slab_alloc(&heaps[n % 2]);
			assert_non_null(held[n]);
			held[n++][0] = 1;
		} else if (n) {
			unsigned k = (n - 1) % 2, i = (unsigned)roll((n + 1 - k) / 2) * 2 + k;

			assert_int_equal(held[i][0], 1);
			slab_free(&heaps[k], held[i]);
			held[i] = held[--n];
		}
	}
	while (n--)
		slab_free(&heaps[n % 2], held[n]);
	assert_int_equal(pages_free_count(), all);
}

static void pages_are_used_well_and_given_back_at_once(void **state)
{
	struct slab heap = { .size = 1000 };
	void *held[9];

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		assert_non_null(held[i] = slab_alloc(&heap));
		assert_true(all - pages_free_count() <= i / 3 + 1);
	}
	slab_free(&heap, held[4]);
	assert_ptr_equal(slab_alloc(&heap), held[4]); /* there was room again */
	for (unsigned i = 0; i < 9; i++) {
		uint64_t in_use = all - pages_free_count();

		slab_free(&heap, held[i]);
		assert_true(all - pages_free_count() >= in_use - 1);
	}
	assert_int_equal(pages_free_count(), all);
}

static void no_memory(void **state)
{
	struct slab heap = { .size = 1024 };
	void *held[3];

	(void)state;
	pages_set_quota(1);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(held[i] = slab_alloc(&heap));
	assert_null(slab_alloc(&heap));
	assert_null(slab_alloc(&heap));
	slab_free(&heap, held[1]);
	assert_ptr_equal(slab_alloc(&heap), held[1]);
	pages_set_quota(0);
	assert_null(slab_alloc(&heap));
	for (unsigned i = 0; i < 3; i++)
		slab_free(&heap, held[i]);
	pages_set_quota(UINT64_MAX);
	assert_int_equal(pages_free_count(), all);
}

static void back_to_its_own_heap(void **state)
{
	struct slab heap = { .size = 64 }, other = { .size = 64 };
	void *o = slab_alloc(&heap);

	(void)state;
	expect_assert_failure(slab_free(&other, o));
	slab_free(&heap, o);
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
