/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accessors of gpt/pte.h for the kernel: as there, and an observer, if there is one,
 * sees every access. gpt/ is built with this file as VMM_GPT_PTE_H, so it may use nothing
 * of what is built upon gpt/.
 */
#ifndef KERNEL_LIB_GPT_PTE_H
#define KERNEL_LIB_GPT_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pte_observer {
	/* An entry was changed from old to new. */
	void (*wrote)(const uint64_t *ptep, uint64_t old, uint64_t new);
	/* Right before one is read by this CPU. */
	void (*read)(const uint64_t *ptep);
};

/* NULL: nobody looks. Set once, before the first table. */
extern const struct pte_observer *pte_observer;

static inline void vmm_gpt_pte_changed(const uint64_t *ptep, uint64_t old, uint64_t new)
{
	if (__builtin_expect(pte_observer != NULL, 0))
		pte_observer->wrote(ptep, old, new);
}

static inline uint64_t vmm_gpt_pte_load(const uint64_t *ptep)
{
	if (__builtin_expect(pte_observer != NULL, 0))
		pte_observer->read(ptep);
	return __atomic_load_n(ptep, __ATOMIC_ACQUIRE);
}

static inline void vmm_gpt_pte_store(uint64_t *ptep, uint64_t pte)
{
	__atomic_store_n(ptep, pte, __ATOMIC_RELAXED);
	vmm_gpt_pte_changed(ptep, 0, pte);
}

static inline bool vmm_gpt_pte_cas(uint64_t *ptep, uint64_t *old, uint64_t pte)
{
	if (!__atomic_compare_exchange_n(ptep, old, pte, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
		return false;
	vmm_gpt_pte_changed(ptep, *old, pte);
	return true;
}

static inline uint64_t vmm_gpt_pte_exchange(uint64_t *ptep, uint64_t pte)
{
	uint64_t old = __atomic_exchange_n(ptep, pte, __ATOMIC_SEQ_CST);

	vmm_gpt_pte_changed(ptep, old, pte);
	return old;
}

#endif
