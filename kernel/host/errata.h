/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU errata that nestbox works around. A pure function of the CPU's identification. The
 * model that a hypervisor below shows is assumed to be the real one.
 */
#ifndef KERNEL_HOST_ERRATA_H
#define KERNEL_HOST_ERRATA_H

#include "kernel/host/cpu_raw.h"

enum {
	ERRATUM_EPT_AD = 1 << 0,	   /* accessed and dirty bits in EPT */
	ERRATUM_LARGE_LEAVES = 1 << 1,	   /* splitting or merging a large leaf */
	ERRATUM_PREEMPTION_TIMER = 1 << 2, /* the rate of the VMX-preemption timer */
	ERRATUM_ITLB_MULTIHIT = 1 << 3,	   /* executing a page cached in two sizes */
	ERRATA = 4,
};

/* The set of errata that this CPU has. */
uint32_t errata(const struct cpu_raw *raw);

/* Describes the workaround for one erratum, the reason and the source. */
const char *errata_words(uint32_t erratum);

#endif
