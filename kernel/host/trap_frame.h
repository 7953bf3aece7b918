/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by trap.c, cpu.c and the stubs in boot/isr.asm. */
#ifndef KERNEL_HOST_TRAP_FRAME_H
#define KERNEL_HOST_TRAP_FRAME_H

#include <stdint.h>

/* As pushed by the CPU and boot/isr.asm. */
struct trap_frame {
	uint64_t r[16]; /* r15 down to rax: reverse encoding order */
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

enum { TRAP_RBP = 10 }; /* r[TRAP_RBP] */

/* Emergency stacks: IST entries 1.. for these vectors. */
enum { TRAP_STACK_DF = 1, TRAP_STACK_NMI, TRAP_STACK_MC, TRAP_STACKS = 3 };

void trap_entry(struct trap_frame *frame);

#endif
