/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's own page walk, in software. SDM vol. 3A, chapter 4. */
#ifndef KERNEL_VM_GWALK_H
#define KERNEL_VM_GWALK_H

#include "kernel/vm/aspace.h"

/* Bits of an entry; with 4-byte entries there is no NX. */
#define GWALK_PRESENT  (UINT64_C(1) << 0)
#define GWALK_WRITE    (UINT64_C(1) << 1)
#define GWALK_USER     (UINT64_C(1) << 2)
#define GWALK_ACCESSED (UINT64_C(1) << 5)
#define GWALK_DIRTY    (UINT64_C(1) << 6)
#define GWALK_LARGE    (UINT64_C(1) << 7)
#define GWALK_NX       (UINT64_C(1) << 63)

/* One step of a walk: an entry, and where it is. */
struct gwalk_step {
	unsigned level;
	bool readable; /* something is mapped at gpa */
	bool leaf;
	uint64_t gpa;
	uint64_t entry; /* 0, if it is not readable */
};
typedef void gwalk_step_fn(void *arg, const struct gwalk_step *step);

/*
 * The gpa of a linear address under this state (cr0, cr3, cr4 and efer count):
 * unpaged, 32-bit, PAE and 4-level. False: not mapped, or the tables are in
 * memory that is not. Rights are not looked at.
 */
bool gwalk(struct aspace *as, const struct vcpu_state *state, uint64_t gva, uint64_t *gpa);

/* The same; each step (may be NULL) is told of the entry it takes. */
bool gwalk_steps(struct aspace *as, const struct vcpu_state *state, uint64_t gva,
		 uint64_t *gpa, gwalk_step_fn *step, void *arg);

/* Copies n bytes at gva; returns how many could be had. */
unsigned gwalk_read(struct aspace *as, const struct vcpu_state *state, uint64_t gva,
		    void *to, unsigned n);

#endif
