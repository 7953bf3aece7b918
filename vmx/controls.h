/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What CPUs allow in a VMCS, and what we set: the five control words, and the fixed bits of
 * CR0 and CR4. All of it is pure.
 */
#ifndef VMX_CONTROLS_H
#define VMX_CONTROLS_H

#include "kernel/host/cpu_raw.h"
#include "kernel/lib/must_check.h"
#include "vmx/vmcs.h"

#include <stddef.h>

enum vmx_word { WORD_PIN, WORD_PROC, WORD_PROC2, WORD_EXIT, WORD_ENTRY, VMX_WORDS };

struct vmx_controls {
	uint32_t pin, proc, proc2, exit, entry;
};

/* CR0 and CR4 in VMX operation: 1 in fixed0 must be 1, 0 in fixed1 must be 0 (A.7, A.8). */
struct vmx_fixed {
	uint64_t cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
};

/* What one CPU allows, or all CPUs. */
struct vmx_allowed {
	struct {
		uint32_t must, may; /* bits that must be 1; bits that may be 1 */
	} words[VMX_WORDS];
	struct vmx_fixed fixed;
	uint32_t revision; /* VMCS revision identifier */
};

/* Whether a control is set. */
static inline bool vmx_control(uint32_t word, unsigned bit)
{
	return word >> bit & 1;
}

/*
 * Returns the first capability MSR that cannot be read although a CPU with VMX has it, and
 * its *name; 0: none. Call before the rest.
 */
uint32_t vmx_unreadable(const struct cpu_raw *raw, const char **name);

void vmx_allowed(const struct cpu_raw *raw, struct vmx_allowed *allowed);

/*
 * Reduces *all to what own allows too. Returns NULL; or why no VMCS can be valid on both, with
 * *all unchanged.
 */
MUST_CHECK const char *vmx_allowed_by_both(struct vmx_allowed *all, const struct vmx_allowed *own);

/*
 * Computes the controls: what we want as far as it is allowed. Returns NULL, or a message on the
 * first required control that is missing.
 */
MUST_CHECK
const char *vmx_controls(const struct vmx_allowed *allowed, struct vmx_controls *controls);

/* Appends to list[size] the names of controls that before has and after lacks. */
void vmx_controls_lost(const struct vmx_controls *before, const struct vmx_controls *after,
		       char *list, size_t size);

#endif
