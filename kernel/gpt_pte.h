/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accessors of gpt/pte.h for the kernel: as there, and an observer
 * (observe.h) sees every access. gpt/ is built with -DVMM_GPT_PTE_H='"kernel/gpt_pte.h"'.
 */
#ifndef KERNEL_GPT_PTE_H
#define KERNEL_GPT_PTE_H

#include "kernel/cpu.h"
#include "kernel/observe.h"

static inline void vmm_gpt_pte_changed(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t new)
{
	OBSERVE(wrote, ptep, old, new);
}

static inline uint64_t vmm_gpt_pte_load(const vmm_gpt_pte_t *ptep)
{
	OBSERVE(read, this_cpu()->number, ptep);
	return __atomic_load_n(ptep, __ATOMIC_ACQUIRE);
}

static inline void vmm_gpt_pte_store(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	__atomic_store_n(ptep, pte, __ATOMIC_RELAXED);
	vmm_gpt_pte_changed(ptep, 0, pte);
}

static inline bool vmm_gpt_pte_cas(vmm_gpt_pte_t *ptep, uint64_t *old, uint64_t pte)
{
	if (!__atomic_compare_exchange_n(ptep, old, pte, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
		return false;
	vmm_gpt_pte_changed(ptep, *old, pte);
	return true;
}

static inline uint64_t vmm_gpt_pte_exchange(vmm_gpt_pte_t *ptep, uint64_t pte)
{
	uint64_t old = __atomic_exchange_n(ptep, pte, __ATOMIC_SEQ_CST);

	vmm_gpt_pte_changed(ptep, old, pte);
	return old;
}

#endif
