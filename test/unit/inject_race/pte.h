/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accessors of gpt/pte.h, for a test that acts as another CPU: late_turn is called right
 * before each access, with the entry's address.
 */
#ifndef TEST_UNIT_INJECT_RACE_PTE_H
#define TEST_UNIT_INJECT_RACE_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern void (*late_turn)(bool writes, const uint64_t *ptep);

static inline void late(bool writes, const uint64_t *ptep)
{
	if (late_turn)
		late_turn(writes, ptep);
}

static inline uint64_t vmm_gpt_pte_load(const uint64_t *ptep)
{
	late(false, ptep);
	return *ptep;
}

static inline void vmm_gpt_pte_store(uint64_t *ptep, uint64_t pte)
{
	late(true, ptep);
	*ptep = pte;
}

static inline bool vmm_gpt_pte_cas(uint64_t *ptep, uint64_t *old, uint64_t pte)
{
	uint64_t wanted = *old;

	late(true, ptep);
	*old = *ptep;
	if (*old == wanted)
		*ptep = pte;
	return *old == wanted;
}

static inline uint64_t vmm_gpt_pte_exchange(uint64_t *ptep, uint64_t pte)
{
	uint64_t old;

	late(true, ptep);
	old = *ptep;
	*ptep = pte;
	return old;
}

#endif
