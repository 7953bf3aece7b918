/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudorandom numbers for tests, the same in each run. xorshift64*. */
#ifndef TEST_UNIT_ROLL_H
#define TEST_UNIT_ROLL_H

#include <stdint.h>

static uint64_t roll_seed = 0x9e3779b97f4a7c15u;

static inline uint64_t roll_bits(void)
{
	roll_seed ^= roll_seed >> 12;
	roll_seed ^= roll_seed << 25;
	roll_seed ^= roll_seed >> 27;
	return roll_seed * 2685821657736338717u;
}

/* 0 to n - 1. */
static inline uint64_t roll(uint64_t n)
{
	return (roll_bits() >> 16) % n;
}

#endif
