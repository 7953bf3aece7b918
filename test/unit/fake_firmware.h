/* SPDX-License-Identifier: BSD-2-Clause */
/* A memory in which a test lays out ACPI tables. */
#ifndef TEST_UNIT_FAKE_FIRMWARE_H
#define TEST_UNIT_FAKE_FIRMWARE_H

#include <stdint.h>

enum { FAKE_MEMORY = 0x5000 };

extern uint8_t fake_memory[FAKE_MEMORY];

/*
 * A firmware_see_fn for fake_memory. It returns a heap copy of just the bytes asked for, so that
 * the address sanitizer finds a read beyond them. Free all copies with fake_forget.
 */
const void *fake_see(void *unused, uint64_t pa, uint64_t size);
void fake_forget(void);

/* Writes a little-endian number. */
void fake_put(uint8_t *at, uint64_t n, unsigned bytes);

/* Makes size bytes sum to 0 by the byte at sum_at. */
void fake_fix_sum(uint8_t *bytes, unsigned size, unsigned sum_at);

/* Sets a table's length and checksum. */
void fake_set_length(unsigned table, uint32_t length);

/* Appends bytes to a table. */
void fake_grow(unsigned table, const uint8_t *bytes, unsigned n);

#endif
