/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ticket lock: FIFO order. (An unfair lock starves CPUs for seconds where an emulator
 * runs them in turns.) Not recursive. The host runs with interrupts disabled, so an
 * interrupt handler never spins on a lock that its own CPU holds.
 */
#ifndef KERNEL_LIB_SPINLOCK_H
#define KERNEL_LIB_SPINLOCK_H

#include "kernel/lib/x86.h"

#include <stdint.h>

struct spinlock {
	uint32_t next, served;
};

static inline void spin_lock(struct spinlock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->served, __ATOMIC_ACQUIRE) != ticket)
		__asm__ volatile("pause");
}

/* For a panic: gives up after that many TSC ticks. After that, no CPU gets the lock any more. */
static inline void spin_lock_timeout(struct spinlock *lock, uint64_t ticks)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	uint64_t start = rdtsc();

	while (__atomic_load_n(&lock->served, __ATOMIC_ACQUIRE) != ticket &&
	       rdtsc() - start < ticks)
		__asm__ volatile("pause");
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->served, lock->served + 1, __ATOMIC_RELEASE);
}

#endif
