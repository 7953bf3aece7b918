/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of an instruction decoder to skip an intercepted instruction if the CPU does
 * not report its length. Pure.
 */
#ifndef KERNEL_VM_INSN_H
#define KERNEL_VM_INSN_H

#include "kernel/vm/vcpu.h"

#include <stdbool.h>

enum { INSN_MAX = 15 };

struct insn {
	uint8_t kind;	/* enum vcpu_exit_kind of its exit */
	uint8_t length; /* including prefixes */
	uint8_t reg;	/* MOV CR, LMSW: the general register */
	uint8_t cr;	/* MOV CR: the control register */
	bool write;	/* EXIT_CR: writes it */
	uint8_t cr_op;	/* EXIT_CR: enum vcpu_cr_op */
};

/*
 * Decodes the instruction in bytes[n]. False: it is not one that we intercept, or it is
 * truncated.
 */
bool insn_decode(const uint8_t *bytes, unsigned n, bool long_mode, struct insn *insn);

#endif
