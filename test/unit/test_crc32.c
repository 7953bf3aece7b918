/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksum of the log's seals: known values, and a bit-by-bit implementation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/lib/crc32.h"
#include "test/unit/roll.h"

static uint32_t crc_of(const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	uint32_t crc = 0;

	while (n--)
		crc = crc32_add(crc, *at++);
	return crc;
}

static uint32_t bit_by_bit(const uint8_t *at, size_t n)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < 8 * n; i++) {
		uint32_t bit = (crc ^ at[i / 8] >> i % 8) & 1;

		crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void known_values(void **state)
{
	(void)state;
	assert_int_equal(crc_of("", 0), 0);
	assert_int_equal(crc_of("a", 1), 0xe8b7be43);
	assert_int_equal(crc_of("123456789", 9), 0xcbf43926); /* the usual check value */
	assert_int_equal(crc_of("\0\0\0\0", 4), 0x2144df1c);
	assert_int_equal(crc_of("\377\377\377\377", 4), 0xffffffff);
}

static void any_bytes(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		size_t n = roll(sizeof(bytes) + 1);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)roll(256);
		assert_int_equal(crc_of(bytes, n), bit_by_bit(bytes, n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
