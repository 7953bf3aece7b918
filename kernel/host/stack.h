/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks with a guard page below. The boot CPU's lie in a section of their own
 * (linker.ld: stacks_start, stacks_end); those of other CPUs are added.
 */
#ifndef KERNEL_HOST_STACK_H
#define KERNEL_HOST_STACK_H

#include "kernel/host/pages.h"

enum { STACK_SIZE = 4 * PAGE_SIZE };

struct guarded_stack {
	char guard[PAGE_SIZE]; /* never mapped */
	char stack[STACK_SIZE];
};

#define GUARDED_STACK __attribute__((section(".bss.stacks"), aligned(PAGE_SIZE)))

/* Makes more of them known, before they are used. */
void stacks_add(struct guarded_stack *first, unsigned count);

/* The ones that were added last are no longer used. */
void stacks_drop(void);

/* All that are known: n from 0 on; NULL: no more. */
struct guarded_stack *stack_nth(unsigned n);

/* The one that an address is in, its guard included; NULL: none. */
const struct guarded_stack *stack_at(uint64_t address);

#endif
