/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's version of the accessors in gpt/pte.h. They report loads and changes to
 * an optional observer, and read-modify-writes are sequentially consistent. gpt/ is built
 * with this file as VMM_GPT_PTE_H, so this file must not depend on anything above gpt/.
 */
#ifndef KERNEL_LIB_GPT_PTE_H
#define KERNEL_LIB_GPT_PTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pte_observer {
	/* Called after this CPU has changed an entry from old to new. */
	void (*wrote)(const uint64_t *ptep, uint64_t old, uint64_t new);
	/* Called right before this CPU reads an entry. */
	void (*read)(const uint64_t *ptep);
};

/* NULL: no observer. Set once, before the first table is made. */
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
