/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of an instruction decoder to go on behind an intercepted
 * instruction where the CPU does not give its length. Pure.
 */
#ifndef KERNEL_VM_INSN_H
#define KERNEL_VM_INSN_H

#include "kernel/vm/vcpu.h"

#include <stdbool.h>

enum { INSN_MAX = 15 };

struct insn {
	uint8_t kind;	/* enum vcpu_exit_kind that it causes */
	uint8_t length; /* prefixes included */
	uint8_t reg;	/* MOV CR, LMSW: the general register */
	uint8_t cr;	/* MOV CR: the control register */
	bool write;	/* EXIT_CR: to it */
	uint8_t cr_op;	/* EXIT_CR: enum vcpu_cr_op */
};

/*
 * The instruction in bytes[n], in 64-bit mode or not. False: not one of ours,
 * or cut off.
 */
bool insn_decode(const uint8_t *bytes, unsigned n, bool long_mode, struct insn *insn);

#endif
