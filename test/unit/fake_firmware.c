/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/fake_firmware.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN_MAX = 64, SDT_LENGTH = 4, SDT_CHECKSUM = 9 };

uint8_t fake_memory[FAKE_MEMORY];

static uint8_t *seen[SEEN_MAX];
static unsigned nseen;

const void *fake_see(void *unused, uint64_t pa, uint64_t size)
{
	(void)unused;
	if (pa >= FAKE_MEMORY || size > FAKE_MEMORY - pa || nseen == SEEN_MAX)
		return NULL;
	seen[nseen] = malloc(size ? size : 1);
	if (!seen[nseen])
		abort();
	memcpy(seen[nseen], fake_memory + pa, size);
	return seen[nseen++];
}

void fake_forget(void)
{
	while (nseen)
		free(seen[--nseen]);
}

void fake_put(uint8_t *at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

void fake_fix_sum(uint8_t *bytes, unsigned size, unsigned sum_at)
{
	uint8_t sum = 0;

	bytes[sum_at] = 0;
	for (unsigned i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[sum_at] = (uint8_t)-sum;
}

void fake_set_length(unsigned table, uint32_t length)
{
	fake_put(fake_memory + table + SDT_LENGTH, length, 4);
	fake_fix_sum(fake_memory + table, length, SDT_CHECKSUM);
}

void fake_grow(unsigned table, const uint8_t *bytes, unsigned n)
{
	uint32_t length;

	memcpy(&length, fake_memory + table + SDT_LENGTH, 4);
	memcpy(fake_memory + table + length, bytes, n);
	fake_set_length(table, length + n);
}
