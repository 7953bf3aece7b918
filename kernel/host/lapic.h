/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC of this CPU: its timer, the way to acknowledge it, and
 * interrupts to other CPUs. In xAPIC or x2APIC mode, as the firmware left it.
 */
#ifndef KERNEL_HOST_LAPIC_H
#define KERNEL_HOST_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

/* On the boot CPU. Enables the APIC, measures its timer against
 * the TSC. NULL, or why there is none. */
const char *lapic_init(void);

/* On another CPU, after that: enables its APIC, in the boot CPU's mode, with what is set up
 * there. NULL, or why that cannot be. */
const char *lapic_enable(void);

bool lapic_is_x2apic(void);

/* This CPU's APIC ID; and the one that it had at reset, where the APIC cannot be asked. */
uint32_t lapic_id(void);
uint32_t lapic_initial_id(void);

/* Whether an interrupt has come to this CPU that it has not taken yet. */
bool lapic_is_pending(uint8_t vector);

/* The vectors of ours that other CPUs send. */
enum {
	LAPIC_VECTOR_WAKE = 0xf0, /* there is something to do */
	LAPIC_VECTOR_KICK = 0xf1, /* leave the guest; that it comes is all */
};

/* To the CPU with this APIC ID; they return when it has been sent. low: where a CPU begins,
 * a page below 1 MiB. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint64_t low);
void lapic_send_fixed(uint32_t apic_id, uint8_t vector);
void lapic_send_nmi(uint32_t apic_id);

/* One interrupt about ticks of the TSC from now (as far as the counter
 * reaches), that wakes the host out of a guest. 0: none. */
void lapic_timer_arm(uint64_t ticks);

#endif
