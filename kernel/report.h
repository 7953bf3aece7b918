/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test report on the console, in TAP 13, and the end of the run.
 * Serial protocol and exit codes: docs/running.md.
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include <stdbool.h>

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_REFUSED };

/* How the machine is ended: exit= on the command line. */
enum machine_exit { MACHINE_HALT, MACHINE_QEMU, MACHINE_BOCHS };
void report_set_exit(enum machine_exit how);

void report_begin(void);		 /* the version line */
void report_plan(unsigned tests);	 /* once */
/* One test. todo, skip: a reason, or NULL. A todo that fails is no failure. */
void report_test(bool ok, const char *name, const char *todo);
void report_skip(const char *name, const char *why);

/* A line of diagnostics: "# " is put in front. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For a panic: from now on lines are printed whoever else may be at it. */
void report_unlock(void);

/* The last line, and the machine's end: PASS if every planned test ran and passed. */
_Noreturn void report_end(void);
/* The run cannot begin, because of what it was given: one failed test of this name. */
_Noreturn void report_bad_input(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* This machine cannot do it. */
_Noreturn void report_refused(const char *cause, const char *remedy);
/* Our own fault. */
_Noreturn void report_crashed(void);

#endif
