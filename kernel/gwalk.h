/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's own page walk, in software. SDM vol. 3A, chapter 4. */
#ifndef KERNEL_GWALK_H
#define KERNEL_GWALK_H

#include "kernel/aspace.h"

/*
 * The gpa of a linear address under this state (cr0, cr3, cr4 and efer count):
 * unpaged, 32-bit, PAE and 4-level. False: not mapped, or the tables are in
 * memory that is not. Rights are not looked at.
 */
bool gwalk(const struct aspace *as, const struct vcpu_state *state, uint64_t gva, uint64_t *gpa);

/* Copies n bytes at gva; returns how many could be had. */
unsigned gwalk_read(const struct aspace *as, const struct vcpu_state *state, uint64_t gva,
		    void *to, unsigned n);

#endif
