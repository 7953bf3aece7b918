/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the TSC counts: for the waits that a manual gives in seconds. */
#ifndef KERNEL_CLOCK_H
#define KERNEL_CLOCK_H

#include <stdint.h>

/* Measures it against the PIT; once, on the boot CPU. */
void clock_init(void);

/* Ticks of the TSC in this many microseconds: rather too many than too few. */
uint64_t clock_ticks(uint64_t microseconds);

/* Spins for that long. */
void clock_wait(uint64_t microseconds);

#endif
