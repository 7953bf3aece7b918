/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints registers, of a guest or the host, as lines of the log. */
#ifndef KERNEL_HOST_REGISTERS_H
#define KERNEL_HOST_REGISTERS_H

#include <stdint.h>

/* General registers, in encoding order. */
enum { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8 };

/* r: general registers in encoding order. Names the bits of RFLAGS. */
void registers_note(const uint64_t r[16], uint64_t rip, uint64_t rflags);

/* CR0, CR2 to CR4 and EFER, with the names of their bits. */
void registers_note_control(uint64_t cr0, uint64_t cr2, uint64_t cr3, uint64_t cr4, uint64_t efer);

#endif
