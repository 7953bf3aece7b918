/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What CPUs allow in a VMCS, and what is made of it: the five control words, and the
 * bits that CR0 and CR4 must have. All of it is pure.
 */
#ifndef VMX_CONTROLS_H
#define VMX_CONTROLS_H

#include "kernel/host/cpu_raw.h"
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

/* What one CPU allows, or what all CPUs do. */
struct vmx_allowed {
	struct {
		uint32_t must, may; /* bits that are 1 in all words; in some */
	} words[VMX_WORDS];
	struct vmx_fixed fixed;
	uint32_t revision; /* that a VMCS starts with */
};

/* A control's bit, set or not. */
static inline bool vmx_control(uint32_t word, unsigned bit)
{
	return word >> bit & 1;
}

/*
 * The first capability MSR that cannot be read, although a CPU with VMX has it: its
 * number, and *name. 0: all can be. Asked before the rest.
 */
uint32_t vmx_unreadable(const struct cpu_raw *raw, const char **name);

void vmx_allowed(const struct cpu_raw *raw, struct vmx_allowed *allowed);

/*
 * all is reduced to what own allows, too. NULL; or why no VMCS can be right on both, and
 * then all is as it was.
 */
const char *vmx_allowed_by_both(struct vmx_allowed *all, const struct vmx_allowed *own);

/*
 * What we can have of what we want. NULL, or the words of the first control that nestbox
 * cannot do without.
 */
const char *vmx_controls(const struct vmx_allowed *allowed, struct vmx_controls *controls);

/* Appends to list[size] the names of those that before has and after has not. */
void vmx_controls_lost(const struct vmx_controls *before, const struct vmx_controls *after,
		       char *list, size_t size);

#endif
