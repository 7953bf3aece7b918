/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs scripts on page tables of both formats, in pages of the kernel's allocator. */
#ifndef KERNEL_SUITE_GPT_SELFTEST_H
#define KERNEL_SUITE_GPT_SELFTEST_H

#include "kernel/suite/gpt_script.h"

/*
 * Runs script or, if its limit is 0, a few generated ones, from seed on (0: from 1 on).
 * NULL, or the error in words; a log line then has the gpt-script= that repeats it.
 */
const char *gpt_selftest(uint64_t seed, const struct gpt_script *script);

#endif
