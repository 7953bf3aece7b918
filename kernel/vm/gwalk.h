/* SPDX-License-Identifier: BSD-2-Clause */
/* A software walk of the guest's page tables. SDM vol. 3A, chapter 4. */
#ifndef KERNEL_VM_GWALK_H
#define KERNEL_VM_GWALK_H

#include "kernel/lib/must_check.h"
#include "kernel/vm/aspace.h"

/* Bits of an entry; 4-byte entries have no NX. */
#define GWALK_PRESENT  (UINT64_C(1) << 0)
#define GWALK_WRITE    (UINT64_C(1) << 1)
#define GWALK_USER     (UINT64_C(1) << 2)
#define GWALK_ACCESSED (UINT64_C(1) << 5)
#define GWALK_DIRTY    (UINT64_C(1) << 6)
#define GWALK_LARGE    (UINT64_C(1) << 7)
#define GWALK_NX       (UINT64_C(1) << 63)

/* One step of a walk: an entry and its address. */
struct gwalk_step {
	unsigned level;
	bool readable; /* something is mapped at gpa */
	bool leaf;
	uint64_t gpa;
	uint64_t entry; /* 0 if not readable */
};
typedef void gwalk_step_fn(void *arg, const struct gwalk_step *step);

/*
 * Translates a linear address under this state (cr0, cr3, cr4 and efer matter): no paging,
 * 32-bit, PAE or 4-level. False: not mapped, or a table is in unmapped memory. Rights are
 * not checked.
 */
MUST_CHECK
bool gwalk(struct aspace *as, const struct vcpu_state *state, uint64_t gva, uint64_t *gpa);

/* The same; calls step (may be NULL) for each entry of the walk. */
bool gwalk_steps(struct aspace *as, const struct vcpu_state *state, uint64_t gva,
		 uint64_t *gpa, gwalk_step_fn *step, void *arg);

/* Copies n bytes from gva; returns how many were readable. */
unsigned gwalk_read(struct aspace *as, const struct vcpu_state *state, uint64_t gva,
		    void *to, unsigned n);

#endif
