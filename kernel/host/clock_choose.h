/* SPDX-License-Identifier: BSD-2-Clause */
/* Which of several answers to believe about the rate of the TSC. Pure. */
#ifndef KERNEL_HOST_CLOCK_CHOOSE_H
#define KERNEL_HOST_CLOCK_CHOOSE_H

#include "kernel/lib/x86.h"

#include <stdint.h>

/* Of a CPU's own words; zeroes where there is no such leaf. */
struct clock_leaves {
	struct cpuid_regs hypervisor; /* 0x40000000 */
	struct cpuid_regs timing;     /* 0x40000010 */
	struct cpuid_regs tsc;	      /* 0x15 */
	struct cpuid_regs frequency;  /* 0x16 */
};

/* Ticks of the TSC a second; 0: it is not there, or did not count. */
struct clock_readings {
	uint64_t hypervisor; /* its leaf */
	uint64_t crystal;    /* CPUID.15h: crystal times ratio */
	uint64_t ratio_base; /* CPUID.15h has a ratio and no crystal: the base of CPUID.16h */
	uint64_t pm_timer;   /* measured; never too small, since time may be stolen meanwhile */
	uint64_t pit;	     /* likewise */
	uint64_t base;	     /* CPUID.16h alone */
};

/* Fills in what the leaves say. */
void clock_read_leaves(const struct clock_leaves *leaves, struct clock_readings *readings);

struct clock_choice {
	uint64_t rate;
	const char *source;
};

/* The first that is plausible, and that no measurement contradicts. If there is
 * none, a rate faster than any TSC, so that waits are long enough. */
struct clock_choice clock_choose(const struct clock_readings *readings);

#endif
