/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports test results on the console in the format of docs/log.md: head, plan, verdicts,
 * reasons, figures. A panic is reported as a failed test.
 *
 * Any CPU may call report_wrong, report_differs*, report_figure and report_alive; the rest is
 * for the boot CPU.
 */
#ifndef KERNEL_SUITE_REPORT_H
#define KERNEL_SUITE_REPORT_H

#include "kernel/host/poweroff.h"
#include "kernel/lib/log.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a test is skipped: what the machine lacks. */
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

/* Prints the first lines. After it, a panic fails the running test and ends the run. */
void report_begin(void);
void report_head(const char *key, const char *fmt, ...) LOG_FORMAT(2, 3);
void report_plan(unsigned tests); /* once */

/*
 * One test. It fails if ok is false, or if anything was reported as WRONG since its begin.
 * todo: why this machine is known to fail it, or NULL.
 */
void report_test_begin(const char *name);
void report_test_end(bool ok, const char *todo);
void report_skip(const char *name, enum want want, const char *fmt, ...) LOG_FORMAT(3, 4);

/* Reports a deviation. The first one of a test becomes its reason. */
void report_wrong(const char *fmt, ...) LOG_FORMAT(1, 2);
void report_differs(const char *what, const char *expected, const char *seen);
void report_differs_words(const char *what, const char *expected, const char *seen);

/* A measurement. The figure is called NAME.OF, or NAME if of is "". */
void report_figure(const char *name, const char *of, uint64_t value, const char *unit);

/* Call it in long loops: prints a line at most every 10 seconds while a test runs. No-op on
 * CPUs other than the one that the test began on. */
void report_alive(void);

/* Prints the last line and ends the machine: PASS if no test failed and all planned ones
 * ran or were skipped. */
_Noreturn void report_end(void);
/* The input is bad, so the run cannot begin: reports one failed test with this name. */
_Noreturn void report_bad_input(const char *name, const char *fmt, ...) LOG_FORMAT(2, 3);
/* This machine cannot run guests: the verdict is REFUSED. */
_Noreturn void report_refused(const char *cause, const char *remedy);

#endif
