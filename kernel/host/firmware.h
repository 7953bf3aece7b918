/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers for parsing firmware tables (ACPI, SMBIOS). Untrusted input; pure. */
#ifndef KERNEL_HOST_FIRMWARE_H
#define KERNEL_HOST_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns a pointer to size readable bytes at physical address pa; NULL: not readable. */
typedef const void *firmware_see_fn(void *ctx, uint64_t pa, uint64_t size);

struct firmware_reader {
	firmware_see_fn *see;
	void *ctx;
};

/* Reads a little-endian number of up to 8 bytes, at any alignment. */
static inline uint64_t firmware_number(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | at[bytes];
	return n;
}

/* The checksum rule common to all these tables. */
static inline bool firmware_sums_to_zero(const uint8_t *bytes, uint64_t size)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return !sum;
}

#endif
