/* SPDX-License-Identifier: BSD-2-Clause */
/* The TSC's rate, for waits that a manual specifies in seconds, and for time-outs. */
#ifndef KERNEL_HOST_CLOCK_H
#define KERNEL_HOST_CLOCK_H

#include "kernel/host/acpi_devices.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads the rate from CPUID, measures it by the PM timer (address 0: none) and the PIT, and
 * logs the result. Call once, on the boot CPU, after memory_init. */
void clock_init(const struct acpi_pm_timer *timer);

/* slow=: multiplies all time-outs. */
void clock_set_slow(uint64_t times);

/* Converts microseconds to TSC ticks, rounding up. */
uint64_t clock_ticks(uint64_t microseconds);

/* Converts TSC ticks to milliseconds, rounding down. */
uint64_t clock_ms(uint64_t ticks);

/* A time-out in TSC ticks: clock_ticks times slow=. */
uint64_t clock_patience_ticks(uint64_t microseconds);

/* Spins for at least that long. */
void clock_wait(uint64_t microseconds);

/*
 * A time-out for polling another CPU. The time between two polls counts as at most one
 * step. If the machine was stopped in between, the other CPU did not run either, and
 * still gets the rest of its time.
 */
enum { CLOCK_PATIENCE_SHIFT = 10 }; /* a step is the whole time-out divided by 2^10 */

struct clock_patience {
	uint64_t last;	     /* TSC at the last poll */
	uint64_t left, step; /* ticks */
};

struct clock_patience clock_patience(uint64_t microseconds);

/* Call at each poll; executes PAUSE. Returns false when the time is over. */
bool clock_is_patient(struct clock_patience *patience);

#endif
