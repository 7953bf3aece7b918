/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks with a guard page below. The boot CPU's are in a section of their own
 * (linker.ld: stacks_start, stacks_end); those of other CPUs are added. Only the boot CPU
 * adds and drops them.
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

/* Registers count adjacent stacks, before they are used. */
void stacks_add(struct guarded_stack *first, unsigned count);

/* Undoes the last stacks_add. */
void stacks_drop(void);

/* Enumerates all stacks: n from 0 on; NULL: no more. */
struct guarded_stack *stack_nth(unsigned n);

/* The stack that contains address, guard included; NULL: none. */
const struct guarded_stack *stack_at(uint64_t address);

#endif
