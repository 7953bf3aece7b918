/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of this CPU: its timer, and the way to acknowledge it. In
 * xAPIC or x2APIC mode, as the firmware left it.
 */
#ifndef KERNEL_LAPIC_H
#define KERNEL_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

/* Masks the PICs and all of our LVT entries, enables the APIC, measures its
 * timer against the TSC. NULL, or why there is none. */
const char *lapic_init(void);

/* One interrupt about ticks of the TSC from now (as far as the counter
 * reaches), that wakes the host out of a guest. 0: none. */
void lapic_timer_arm(uint64_t ticks);

#endif
