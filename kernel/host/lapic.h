/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This CPU's local APIC: timer, acknowledgment, and interrupts to other CPUs. Uses xAPIC
 * or x2APIC mode, whichever the firmware left on the boot CPU.
 */
#ifndef KERNEL_HOST_LAPIC_H
#define KERNEL_HOST_LAPIC_H

#include "kernel/lib/must_check.h"

#include <stdbool.h>
#include <stdint.h>

/* On the boot CPU, after memory_init. Enables the APIC, measures its timer against the TSC,
 * and takes pending interrupts. Returns NULL, or why there is no usable APIC. */
MUST_CHECK const char *lapic_init(void);

/* On another CPU, after lapic_init: enables its APIC in the boot CPU's mode and sets it up.
 * Returns NULL, or why that is impossible. */
MUST_CHECK const char *lapic_enable(void);

bool lapic_is_x2apic(void);

/* This CPU's APIC ID (0: no APIC); and its initial one, by CPUID, if the APIC is unusable. */
uint32_t lapic_id(void);
uint32_t lapic_initial_id(void);

/* Is this vector in this CPU's IRR: requested, but not yet delivered? */
bool lapic_is_pending(uint8_t vector);

/* Vectors of our IPIs. */
enum {
	LAPIC_VECTOR_WAKE = 0xf0, /* there is work */
	LAPIC_VECTOR_KICK = 0xf1, /* leave the guest; the handler does nothing else */
};

/* Send an IPI to the CPU with this APIC ID and return once it has been sent. low: the page
 * below 1 MiB, in bytes, where the CPU starts. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint64_t low);
void lapic_send_fixed(uint32_t apic_id, uint8_t vector);
void lapic_send_nmi(uint32_t apic_id);

/* Arms one interrupt about that many TSC ticks from now, at most as far as the counter
 * reaches. It makes a guest exit. 0 disarms. */
void lapic_timer_arm(uint64_t ticks);

#endif
