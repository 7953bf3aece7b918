/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Non-maskable interrupts: those that one CPU sends to another, and those by which
 * hardware complains (system control port 61h; Intel ICH9 data sheet, 13.7.1).
 */
#ifndef KERNEL_HOST_NMI_H
#define KERNEL_HOST_NMI_H

#include "kernel/host/cpu.h"

/* Once, on the boot CPU: reports and clears what was complained of before. */
void nmi_init(void);

/* To another CPU, which knows by that that this one is ours. */
void nmi_send(struct cpu *cpu);

/* On the CPU that got one, by its handler. */
void nmi_came(struct cpu *cpu);

/* What the hardware complains of; NULL: nothing. */
const char *nmi_complaint(void);

/* NMIs that nobody here has sent. */
uint64_t nmi_unknown(void);

#endif
