/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of the host, on the machine that it runs on. */
#ifndef KERNEL_SUITE_SELFTEST_H
#define KERNEL_SUITE_SELFTEST_H

struct cmdline;

/* The number of tests that selftest_run reports. */
extern const unsigned selftest_count;

void selftest_run(const struct cmdline *cmdline);

#endif
