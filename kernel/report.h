/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log on the console: docs/log.md is its format. A line at a time, from
 * whichever CPU; what is not printable ASCII in a text becomes "?".
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "kernel/poweroff.h"

#include <stdbool.h>
#include <stdint.h>

#define REPORT_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))

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

void report_begin(void); /* the first lines */
void report_head(const char *key, const char *fmt, ...) REPORT_FORMAT(2, 3);
void report_plan(unsigned tests); /* once */

/*
 * One test. It fails if it says so, or if anything was WRONG since it began.
 * todo: why this machine is known to fail it, or NULL.
 */
void report_test_begin(const char *name);
void report_test_end(bool ok, const char *todo);
void report_skip(const char *name, enum want want, const char *fmt, ...) REPORT_FORMAT(3, 4);

/* Something is not as expected. The first of a test is given as its reason. */
void report_wrong(const char *fmt, ...) REPORT_FORMAT(1, 2);
void report_differs(const char *what, const char *expected, const char *seen);
void report_differs_words(const char *what, const char *expected, const char *seen);

/* A measurement: NAME.OF, or NAME if of is "". */
void report_figure(const char *name, const char *of, uint64_t value, const char *unit);

/* A line now and then while a test runs, by the CPU that it began on: for loops that may
 * take long. */
void report_alive(void);

/* A line of diagnostics: "# " is put in front. */
void note(const char *fmt, ...) REPORT_FORMAT(1, 2);
/* A line that is no diagnostics. */
void report_line(const char *fmt, ...) REPORT_FORMAT(1, 2);

/* The last line, and the machine's end: PASS if every planned test ran and passed. */
_Noreturn void report_end(void);
/* The run cannot begin, because of what it was given: one failed test of this name. */
_Noreturn void report_bad_input(const char *name, const char *fmt, ...) REPORT_FORMAT(2, 3);
/* This machine cannot do it. */
_Noreturn void report_refused(const char *cause, const char *remedy);

/*
 * For a panic, in this order: from now on only this CPU prints; the message, in
 * pieces; its end. Then the test that was running has failed because of it.
 */
void report_take_over(void);
void report_panic(const char *fmt, ...) REPORT_FORMAT(1, 2);
void report_panic_end(void);
_Noreturn void report_crashed(void);
/* When even that cannot be printed any more. */
_Noreturn void report_give_up(void);

#endif
