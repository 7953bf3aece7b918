/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console lines. A lock serializes CPUs. Characters other than printable ASCII
 * become "?". What the lines mean is up to the caller (kernel/suite/report.h).
 */
#ifndef KERNEL_LIB_LOG_H
#define KERNEL_LIB_LOG_H

#include <stdarg.h>
#include <stdint.h>

#define LOG_FORMAT(fmt, first) __attribute__((format(printf, fmt, first)))

/* Prints a diagnostic line, prefixed with "# ". */
void note(const char *fmt, ...) LOG_FORMAT(1, 2);

/* Prints a line as it is. */
void log_line(const char *fmt, ...) LOG_FORMAT(1, 2);

/*
 * A line in pieces, or several lines that belong together. Between log_begin and log_end
 * this CPU holds the lock; log_text, log_vtext and log_newline need it. Does not nest.
 */
void log_begin(void);
void log_text(const char *fmt, ...) LOG_FORMAT(1, 2);
void log_vtext(const char *fmt, va_list ap);
void log_newline(void);
void log_end(void);

/* The calling CPU's identity, as the lock stores it. Never 0. */
uint64_t log_me(void);

/*
 * For a panic: takes the lock for good, so that only this CPU prints from now on. Waits at
 * most this many TSC ticks for another CPU to finish its line.
 */
void log_take_over(uint64_t ticks);

/* Call log_alive in long loops: it calls the function set by log_set_alive, if any. */
void log_alive(void);
void log_set_alive(void (*fn)(void));

#endif
