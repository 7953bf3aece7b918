/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's promises, checked on the machine it runs on. */
#ifndef KERNEL_SUITE_SELFTEST_H
#define KERNEL_SUITE_SELFTEST_H

struct cmdline;

/* How many tests selftest_run reports. */
extern const unsigned selftest_count;

void selftest_run(const struct cmdline *cmdline);

#endif
