/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the TSC counts: for the waits that a manual gives in seconds, and for patience. */
#ifndef KERNEL_HOST_CLOCK_H
#define KERNEL_HOST_CLOCK_H

#include "kernel/host/acpi_devices.h"

#include <stdbool.h>
#include <stdint.h>

/* Asks CPUID, and measures it against the PM timer (address 0: none) and the PIT; once, on
 * the boot CPU, after memory_init. Says what it found. */
void clock_init(const struct acpi_pm_timer *timer);

/* slow=: all patience is so many times as long. */
void clock_set_slow(uint64_t times);

/* Ticks of the TSC in this many microseconds: rather too many than too few. */
uint64_t clock_ticks(uint64_t microseconds);

/* The other way round. */
uint64_t clock_ms(uint64_t ticks);

/* The same with slow=: how long to wait for something before giving up. */
uint64_t clock_patience_ticks(uint64_t microseconds);

/* Spins for that long. */
void clock_wait(uint64_t microseconds);

/*
 * For waiting until another CPU has done something. The time from one look to the
 * next counts for one step at the most: if the machine was stopped in between, the
 * other CPU has not run either, and gets the rest of the time all the same.
 */
enum { CLOCK_PATIENCE_SHIFT = 10 }; /* a step: all of it, divided by 2^10 */

struct clock_patience {
	uint64_t last;	     /* the TSC at the last look */
	uint64_t left, step; /* ticks */
};

struct clock_patience clock_patience(uint64_t microseconds);

/* At each look, after which it pauses. False: it is over. */
bool clock_is_patient(struct clock_patience *patience);

#endif
