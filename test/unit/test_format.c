/* SPDX-License-Identifier: BSD-2-Clause */
/* Formatting: compared with the C library, for what both support. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/format.h"
#include "test/unit/roll.h"

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

/* Both, with the same arguments, into size bytes. */
#define SAME(size, ...)                                                                            \
	do {                                                                                       \
		char theirs[512], *ours = malloc(size);                                            \
		int n = snprintf(theirs, size, __VA_ARGS__);                                       \
		assert_int_equal(format(ours, size, __VA_ARGS__), n);                              \
		assert_string_equal(ours, theirs);                                                 \
		free(ours);                                                                        \
	} while (0)

static void plain(void **state)
{
	(void)state;
	SAME(512, "no conversion");
	SAME(512, "%%");
	SAME(512, "100%% %s 100%%", "of");
	SAME(512, "%c%c", 'a', 'b');
	SAME(512, "%5c|%-5c|%1c|%*c", 'a', 'b', 'c', -3, 'd');
	SAME(512, "%s %d %x", "all", -1, 0xabcu);
}

static void ends_of_the_integers(void **state)
{
	(void)state;
	SAME(512, "%d %d %d %i", 0, INT_MIN, INT_MAX, -1);
	SAME(512, "%u %x %X", UINT_MAX, UINT_MAX, UINT_MAX);
	SAME(512, "%ld %ld %lu %lx", LONG_MIN, LONG_MAX, ULONG_MAX, ULONG_MAX);
	SAME(512, "%lld %lld %llu %llX", LLONG_MIN, LLONG_MAX, ULLONG_MAX, ULLONG_MAX);
	SAME(512, "%zu %zx", SIZE_MAX, SIZE_MAX);
	SAME(512, "%hd %hu %hhd %hhu %hhx", -32768, 65535, -128, 255, 255);
	SAME(512, "%p %p", (void *)plain, (void *)1);
	SAME(512, "%20p|%-20p|%020p|%2p|%5p", (void *)plain, (void *)1, (void *)2, (void *)3,
	     (void *)4);
}

static void texts(void **state)
{
	char open[3] = { 'a', 'b', 'c' }; /* no zero: a precision is obeyed */
	const char *volatile none;

	(void)state;
	SAME(512, "%s|%10s|%-10s|%2s|%-2s|", "abc", "abc", "abc", "abc", "abc");
	SAME(512, "%.0s|%.2s|%.10s|%5.2s|%-5.2s|", "abc", "abc", "abc", "abc", "abc");
	SAME(512, "%.3s|%.*s|%*s|%-*s|%*.*s|", open, 2, "abc", 6, "abc", 6, "abc", 6, 1, "abc");
	SAME(512, "%.*s|", -1, "abc");
	none = NULL;
	SAME(512, "%s|%10s|", none, none);
}

static void numbers_in_every_shape(void **state)
{
	static const char *const flags[] = { "", "0", "-", "-0", "0-" };
	static const char *const lengths[] = { "", "l", "ll", "z" };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t v = roll_bits() >> roll(64);
		const char *length = lengths[roll(4)];
		char spec[64], width[8] = "";

		if (roll(2))
			snprintf(width, sizeof(width), "%u", (unsigned)roll(30) + 1);
		snprintf(spec, sizeof(spec), "<%%%s%s%s%c>", flags[roll(5)], width, length,
			 "diuxX"[roll(5)]);
		if (roll(2))
			v = -v;
		if (*length)
			SAME(512, spec, v);
		else
			SAME(512, spec, (int)v);
	}
}

static void cut_off_anywhere(void **state)
{
	(void)state;
	for (size_t size = 1; size < 60; size++) {
		SAME(size, "%s=%08x, %-10d|%20s|", "value", 0xbeefu, -77, "right");
		SAME(size, "%40d", 5);
	}
}

static void what_is_not_known_is_shown(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(format(text, sizeof(text), "a%yb"), 4);
	assert_string_equal(text, "a%yb");
	assert_int_equal(format(text, sizeof(text), "a%"), 1);
	assert_string_equal(text, "a");
	assert_int_equal(format(text, sizeof(text), "a%-08.3l"), 1);
	assert_string_equal(text, "a");
}

struct heard {
	char text[64];
	unsigned n;
};

static void hear(void *arg, char c)
{
	struct heard *h = arg;

	h->text[h->n++] = c;
}

static int to_hear(struct heard *h, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = format_to(hear, h, fmt, ap);
	va_end(ap);
	return n;
}

static void to_a_function(void **state)
{
	struct heard h = { .n = 0 };

	(void)state;
	assert_int_equal(to_hear(&h, "%s: %03u", "seven", 7u), 10);
	assert_int_equal(h.n, 10);
	assert_string_equal(h.text, "seven: 007");
}

static void escaped(void **state)
{
	static const char bytes[] = "a\r\nok 1\\\0\377\033~";
	char text[64];

	(void)state;
	format_escaped(text, sizeof(text), bytes, sizeof(bytes) - 1);
	assert_string_equal(text, "a\\x0d\\nok 1\\\\\\x00\\xff\\x1b~");
	format_escaped(text, sizeof(text), bytes, 0);
	assert_string_equal(text, "");
	for (size_t size = 1; size < 40; size++) { /* cut off, and ended */
		char *small = malloc(size);

		format_escaped(small, size, bytes, sizeof(bytes) - 1);
		assert_true(strlen(small) < size);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(ends_of_the_integers),
		cmocka_unit_test(texts),
		cmocka_unit_test(numbers_in_every_shape),
		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(what_is_not_known_is_shown),
		cmocka_unit_test(to_a_function),
		cmocka_unit_test(escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
