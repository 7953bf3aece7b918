/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether this CPU can run guests, and how. A pure function of the CPU's raw values, so that
 * tests can ask about machines that are not available.
 */
#ifndef KERNEL_VM_PREFLIGHT_H
#define KERNEL_VM_PREFLIGHT_H

#include "kernel/vm/vmm_ops.h"

enum { PREFLIGHT_SIDES = 2 };

struct preflight {
	const struct vmm_ops *ops; /* the vendor to use; NULL: refused */
	struct vmm_probe probe;	   /* of that vendor */
	const char *cause;	   /* refused: the missing bit, in words */
	const char *remedy;	   /* refused: what the owner can do */
	char remedy_words[256];	   /* storage if it is not constant */
	/* The probes of all vendors, for the report. */
	struct vmm_probe sides[PREFLIGHT_SIDES];
};

/* Chooses the first usable one of sides. */
void preflight(const struct cpu_raw *raw, const struct vmm_ops *const sides[PREFLIGHT_SIDES],
	       struct preflight *result);

/* Features that the host itself requires. NULL, or the missing bit, with *remedy set. */
const char *preflight_host(const struct cpu_raw *raw, const char **remedy);

/*
 * CPUs of one machine can differ: reduces *common to what own has too. lost[size] names what
 * is lost; empty: nothing.
 */
void preflight_reduce(struct vmm_probe *common, const struct vmm_probe *own, char *lost,
		      size_t size);

/* Prints what is available, what is used and what is missing. */
void preflight_report(const struct preflight *result,
		      const struct vmm_ops *const sides[PREFLIGHT_SIDES]);

#endif
