/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can this CPU run guests, and by what? A pure function of the CPU's raw
 * numbers, so that tests can ask it about machines that nobody has.
 */
#ifndef KERNEL_VM_PREFLIGHT_H
#define KERNEL_VM_PREFLIGHT_H

#include "kernel/vm/vmm_ops.h"

enum { PREFLIGHT_SIDES = 2 };

struct preflight {
	const struct vmm_ops *ops; /* the side that is used; NULL: refused */
	struct vmm_probe probe;	   /* of that side */
	const char *cause;	   /* refused: what is missing, to the bit */
	const char *remedy;	   /* refused: what the machine's owner can do */
	char remedy_words[256];	   /* where it is no constant */
	/* What each side said, for the report. */
	struct vmm_probe sides[PREFLIGHT_SIDES];
};

/* The first of sides that can be used is. */
void preflight(const struct cpu_raw *raw, const struct vmm_ops *const sides[PREFLIGHT_SIDES],
	       struct preflight *result);

/* What the host itself cannot do without: NULL, or the bit; *remedy likewise. */
const char *preflight_host(const struct cpu_raw *raw, const char **remedy);

/*
 * CPUs of one machine can differ: *common is reduced to what own has, too. What
 * gets lost so is named in lost[size], in words; empty: nothing.
 */
void preflight_reduce(struct vmm_probe *common, const struct vmm_probe *own, char *lost,
		      size_t size);

/* Says on the console what is there, what is used, and what is missing. */
void preflight_report(const struct preflight *result,
		      const struct vmm_ops *const sides[PREFLIGHT_SIDES]);

#endif
