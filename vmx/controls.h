/* SPDX-License-Identifier: BSD-2-Clause */
/* The five control words of a VMCS, and the bits that CR0 and CR4 must have. */
#ifndef VMX_CONTROLS_H
#define VMX_CONTROLS_H

#include "kernel/cpu_raw.h"
#include "vmx/vmcs.h"

struct vmx_controls {
	uint32_t pin, proc, proc2, exit, entry;
};

/* A control's bit, set or not. */
static inline bool vmx_control(uint32_t word, unsigned bit)
{
	return word >> bit & 1;
}

/*
 * What this CPU lets us have of what we want. NULL, or the words of the first
 * control that nestbox cannot do without. A pure function of raw.
 */
const char *vmx_controls(const struct cpu_raw *raw, struct vmx_controls *controls);

/* CR0 and CR4 in VMX operation: 1 in fixed0 must be 1, 0 in fixed1 must be 0 (A.7, A.8). */
struct vmx_fixed {
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
};

void vmx_fixed(const struct cpu_raw *raw, struct vmx_fixed *fixed);

#endif
