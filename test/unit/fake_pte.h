/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accessors that call the test, for builds of gpt/ with
 * -DVMM_GPT_PTE_H='"test/unit/fake_pte.h"'. Right before an access the test may act as
 * another CPU, or as hardware; right after a write it may check the tables.
 */
#ifndef TEST_UNIT_FAKE_PTE_H
#define TEST_UNIT_FAKE_PTE_H

#include "gpt/vmm_gpt.h"

enum fake_access { FAKE_LOAD, FAKE_STORE, FAKE_RMW };

/* Called before each access, unless NULL. */
extern void (*fake_race)(enum fake_access access, const vmm_gpt_pte_t *ptep);
/* Called after each write, even if it changes nothing; not after a failed swap. */
extern void (*fake_wrote)(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte);

static inline void fake_turn(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	if (fake_race)
		fake_race(access, ptep);
}

static inline void fake_write(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	uint64_t old = *ptep;

	*(volatile vmm_gpt_pte_t *)ptep = pte;
	if (fake_wrote)
		fake_wrote(ptep, old, pte);
}

static inline uint64_t vmm_gpt_pte_load(const vmm_gpt_pte_t *ptep)
{
	fake_turn(FAKE_LOAD, ptep);
	return *(const volatile vmm_gpt_pte_t *)ptep;
}

static inline void vmm_gpt_pte_store(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	fake_turn(FAKE_STORE, ptep);
	fake_write(ptep, pte);
}

static inline bool vmm_gpt_pte_cas(vmm_gpt_pte_t *ptep, uint64_t *old, uint64_t pte)
{
	uint64_t wanted = *old;

	fake_turn(FAKE_RMW, ptep);
	*old = *(volatile vmm_gpt_pte_t *)ptep;
	if (*old == wanted)
		fake_write(ptep, pte);
	return *old == wanted;
}

static inline uint64_t vmm_gpt_pte_exchange(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	uint64_t old;

	fake_turn(FAKE_RMW, ptep);
	old = *(volatile vmm_gpt_pte_t *)ptep;
	fake_write(ptep, pte);
	return old;
}

#endif
