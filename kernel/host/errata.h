/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defects of CPUs that nestbox goes round. A pure function of what the CPU says of
 * itself; a hypervisor below that shows a model is believed to run on that model.
 */
#ifndef KERNEL_HOST_ERRATA_H
#define KERNEL_HOST_ERRATA_H

#include "kernel/host/cpu_raw.h"

enum {
	ERRATUM_EPT_AD = 1 << 0,	   /* the CPU's accessed and dirty bits in EPT */
	ERRATUM_LARGE_LEAVES = 1 << 1,	   /* a large leaf that is split or merged */
	ERRATUM_PREEMPTION_TIMER = 1 << 2, /* the rate of the VMX-preemption timer */
	ERRATUM_ITLB_MULTIHIT = 1 << 3,	   /* an executable page of two sizes */
	ERRATA = 4,
};

/* Those that this CPU has. */
uint32_t errata(const struct cpu_raw *raw);

/* What becomes of one of them, and why, in words, with the source. */
const char *errata_words(uint32_t erratum);

#endif
