/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts on both formats of page tables, in pages of the allocator's. */
#ifndef KERNEL_SUITE_GPT_SELFTEST_H
#define KERNEL_SUITE_GPT_SELFTEST_H

#include "kernel/suite/gpt_script.h"

/*
 * Runs this script, or, if its limit is 0, a few from that of the number seed on
 * (0: from 1 on). NULL, or what is wrong; how to do it again was noted then.
 */
const char *gpt_selftest(uint64_t seed, const struct gpt_script *script);

#endif
