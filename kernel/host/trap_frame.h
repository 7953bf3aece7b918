/* SPDX-License-Identifier: BSD-2-Clause */
/* What trap.c, cpu.c and the stubs of boot/isr.asm agree upon. */
#ifndef KERNEL_HOST_TRAP_FRAME_H
#define KERNEL_HOST_TRAP_FRAME_H

#include <stdint.h>

/* As boot/isr.asm and the CPU push it. */
struct trap_frame {
	uint64_t r[16]; /* from r15 down to rax: the encoding's order, backwards */
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

enum { TRAP_RBP = 10 }; /* r[TRAP_RBP] */

/* Emergency stacks: IST entries 1.. for these vectors. */
enum { TRAP_STACK_DF = 1, TRAP_STACK_NMI, TRAP_STACK_MC, TRAP_STACKS = 3 };

void trap_entry(struct trap_frame *frame);

#endif
