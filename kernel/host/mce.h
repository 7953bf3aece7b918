/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine checks: errors that the hardware reports. SDM vol. 3B, chapter 16; APM vol. 2,
 * chapter 9.
 */
#ifndef KERNEL_HOST_MCE_H
#define KERNEL_HOST_MCE_H

#include <stddef.h>
#include <stdint.h>

/* On each CPU, after trap_load: reports and clears errors left in its banks, enables the
 * banks, and sets CR4.MCE. Does nothing if the CPU has no machine checks. */
void mce_init(void);

/* On the CPU that got a machine check, in the host or as a VM exit: reports the errors in
 * its banks and ends the run as failed. */
_Noreturn void mce_stop(void);

/* Describes a bank's MCi_STATUS. Pure. */
void mce_words(unsigned bank, uint64_t status, char *words, size_t size);

#endif
