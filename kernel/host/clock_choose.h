/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses among several sources for the TSC's rate. Pure. */
#ifndef KERNEL_HOST_CLOCK_CHOOSE_H
#define KERNEL_HOST_CLOCK_CHOOSE_H

#include "kernel/lib/x86.h"

#include <stdint.h>

/* CPUID leaves; all zeroes where a leaf does not exist. */
struct clock_leaves {
	struct cpuid_regs hypervisor; /* 0x40000000 */
	struct cpuid_regs timing;     /* 0x40000010 */
	struct cpuid_regs tsc;	      /* 0x15 */
	struct cpuid_regs frequency;  /* 0x16 */
};

/* TSC ticks per second; 0: the source is missing, or does not count. */
struct clock_readings {
	uint64_t hypervisor; /* leaf 0x40000010 */
	uint64_t crystal;    /* CPUID.15h: crystal times ratio */
	uint64_t ratio_base; /* base of CPUID.16h, if CPUID.15h has a ratio and no crystal */
	uint64_t pm_timer;   /* measured; stolen time can make it too large, never too small */
	uint64_t pit;	     /* likewise */
	uint64_t base;	     /* CPUID.16h alone */
};

/* Fills in the readings that come from the leaves. */
void clock_read_leaves(const struct clock_leaves *leaves, struct clock_readings *readings);

struct clock_choice {
	uint64_t rate;
	const char *source;
};

/* The first reading that is plausible and that no measurement contradicts. If there is
 * none, source is NULL and rate is faster than any TSC, so that waits are long enough. */
struct clock_choice clock_choose(const struct clock_readings *readings);

#endif
