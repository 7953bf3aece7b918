/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks with a guard page below. All of them lie in one section, so that
 * mmu.c finds the guards (linker.ld: stacks_start, stacks_end).
 */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include "kernel/pages.h"

enum { STACK_SIZE = 4 * PAGE_SIZE };

struct guarded_stack {
	char guard[PAGE_SIZE]; /* never mapped */
	char stack[STACK_SIZE];
};

#define GUARDED_STACK __attribute__((section(".bss.stacks"), aligned(PAGE_SIZE)))

#endif
