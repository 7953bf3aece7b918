/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines on the console, from any CPU, one at a time; a character that is not printable
 * ASCII becomes "?". What the lines mean is the business of the caller (suite's report.h).
 */
#ifndef KERNEL_LIB_LOG_H
#define KERNEL_LIB_LOG_H

#include <stdarg.h>
#include <stdint.h>

#define LOG_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))

/* A line of diagnostics: "# " is put in front. */
void note(const char *fmt, ...) LOG_FORMAT(1, 2);

/* A line as it is. */
void log_line(const char *fmt, ...) LOG_FORMAT(1, 2);

/*
 * A line in pieces, or several lines that belong together: between begin and end only
 * this CPU prints. Not nested.
 */
void log_begin(void);
void log_text(const char *fmt, ...) LOG_FORMAT(1, 2);
void log_vtext(const char *fmt, va_list ap);
void log_newline(void);
void log_end(void);

/* The CPU that asks, as the lock of the lines knows it. Never 0. */
uint64_t log_me(void);

/*
 * For a panic: from now on only this CPU prints. Others finish their line first, for at
 * most this many ticks of the TSC.
 */
void log_take_over(uint64_t ticks);

/* For loops that may take long: calls fn, if one was set. */
void log_alive(void);
void log_set_alive(void (*fn)(void));

#endif
