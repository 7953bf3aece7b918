/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Non-maskable interrupts: those sent by other CPUs, and those by which hardware reports
 * errors (system control port 61h; Intel ICH9 data sheet, 13.7.1).
 */
#ifndef KERNEL_HOST_NMI_H
#define KERNEL_HOST_NMI_H

#include "kernel/host/cpu.h"

/* Once, on the boot CPU: reports and clears errors signaled before. */
void nmi_init(void);

/* Sends an NMI, and records that, so that the receiver knows it is one of ours. */
void nmi_send(struct cpu *cpu);

/* The error that the hardware signals now; NULL: none. */
const char *nmi_complaint(void);

/* Number of NMIs received that no CPU sent. */
uint64_t nmi_unknown(void);

#endif
