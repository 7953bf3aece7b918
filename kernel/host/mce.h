/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine checks: hardware that reports an error of its own. SDM vol. 3B, chapter
 * 16; APM vol. 2, chapter 9.
 */
#ifndef KERNEL_HOST_MCE_H
#define KERNEL_HOST_MCE_H

#include <stddef.h>
#include <stdint.h>

/* On each CPU, after trap_load: reports and clears what its banks hold from before,
 * enables the banks, and sets CR4.MCE. Without machine checks it does nothing. */
void mce_init(void);

/* On the CPU that got a machine check, in the host or as an exit of a guest: reads
 * the banks of this CPU and ends the run as failed, with the cause. */
_Noreturn void mce_stop(void);

/* What a bank's MCi_STATUS says, in words. Pure. */
void mce_words(unsigned bank, uint64_t status, char *words, size_t size);

#endif
