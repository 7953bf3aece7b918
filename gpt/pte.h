/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only accessors of entries. At any time hardware may read entries and set A
 * and D in them, and other CPUs may map and unmap. Entries of linked tables are
 * therefore changed only by atomic read-modify-writes; plain stores are for tables
 * that are not linked yet.
 *
 * A test that wants to observe or disturb each access builds this code with
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

/* True if *ptep was *old; it is pte now. Otherwise *old is the value found. */
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
