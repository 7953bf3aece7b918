/* SPDX-License-Identifier: BSD-2-Clause */
/* What readers of the firmware's tables share: ACPI's, SMBIOS's. Of untrusted bytes; pure. */
#ifndef KERNEL_HOST_FIRMWARE_H
#define KERNEL_HOST_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

/* size bytes at physical address pa, to be read; NULL: they cannot be. */
typedef const void *firmware_see_fn(void *ctx, uint64_t pa, uint64_t size);

struct firmware_reader {
	firmware_see_fn *see;
	void *ctx;
};

/* Little-endian, of up to 8 bytes, at any alignment. */
static inline uint64_t firmware_number(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes--)
		n = n << 8 | at[bytes];
	return n;
}

/* The checksum of all these tables. */
static inline bool firmware_sums_to_zero(const uint8_t *bytes, uint64_t size)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return !sum;
}

#endif
