/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests' results on the console, in the format of docs/log.md: head, plan, verdicts,
 * reasons, figures. A panic ends in a failed test, too.
 */
#ifndef KERNEL_SUITE_REPORT_H
#define KERNEL_SUITE_REPORT_H

#include "kernel/lib/log.h"
#include "kernel/host/poweroff.h"

#include <stdbool.h>
#include <stdint.h>

/* What a test is skipped for want of. */
enum want {
	WANT_CPUS,
	WANT_MEMORY,
	WANT_HIGH_MEMORY,
	WANT_TIMER,
	WANT_UNRESTRICTED,
	WANT_DENIALS,
	WANT_TIME,
	WANT_FEP,
	WANTS,
};

void report_set_exit(enum machine_exit how);

/* The first lines. From here on a panic fails the test that is running, and ends the run. */
void report_begin(void);
void report_head(const char *key, const char *fmt, ...) LOG_FORMAT(2, 3);
void report_plan(unsigned tests); /* once */

/*
 * One test. It fails if it says so, or if anything was WRONG since it began.
 * todo: why this machine is known to fail it, or NULL.
 */
void report_test_begin(const char *name);
void report_test_end(bool ok, const char *todo);
void report_skip(const char *name, enum want want, const char *fmt, ...) LOG_FORMAT(3, 4);

/* Something is not as expected. The first of a test is given as its reason. */
void report_wrong(const char *fmt, ...) LOG_FORMAT(1, 2);
void report_differs(const char *what, const char *expected, const char *seen);
void report_differs_words(const char *what, const char *expected, const char *seen);

/* A measurement: NAME.OF, or NAME if of is "". */
void report_figure(const char *name, const char *of, uint64_t value, const char *unit);

/* A line now and then while a test runs, by the CPU that it began on: for loops that may
 * take long. */
void report_alive(void);

/* The last line, and the machine's end: PASS if every planned test ran and passed. */
_Noreturn void report_end(void);
/* The run cannot begin, because of what it was given: one failed test of this name. */
_Noreturn void report_bad_input(const char *name, const char *fmt, ...) LOG_FORMAT(2, 3);
/* This machine cannot do it. */
_Noreturn void report_refused(const char *cause, const char *remedy);

#endif
