/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way to an entry. Hardware reads entries, and sets A and D in them,
 * whenever it likes; other CPUs map and unmap. So what is linked is changed by
 * atomic read-modify-writes only, and a plain store is for tables that nobody
 * can see yet.
 *
 * A test that wants to see or to disturb each access builds this code with
 * -DVMM_GPT_PTE_H='"its_own.h"', which then defines these four functions.
 */
#ifndef GPT_PTE_H
#define GPT_PTE_H

#include "vmm_gpt.h"

#ifdef VMM_GPT_PTE_H
#include VMM_GPT_PTE_H
#else

static inline uint64_t vmm_gpt_pte_load(const vmm_gpt_pte_t *ptep)
{
	return __atomic_load_n(ptep, __ATOMIC_ACQUIRE);
}

/* Only for an entry of a table that is not linked yet. */
static inline void vmm_gpt_pte_store(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	__atomic_store_n(ptep, pte, __ATOMIC_RELAXED);
}

/* True if *ptep was *old and is pte now; else *old is what was found. */
static inline bool vmm_gpt_pte_cas(vmm_gpt_pte_t *ptep, uint64_t *old, uint64_t pte)
{
	return __atomic_compare_exchange_n(ptep, old, pte, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

static inline uint64_t vmm_gpt_pte_exchange(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	return __atomic_exchange_n(ptep, pte, __ATOMIC_ACQ_REL);
}

#endif /* VMM_GPT_PTE_H */
#endif
