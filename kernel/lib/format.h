/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text formatting. Knows %s %c %d %i %u %x %X %p %%, the flags 0 and -, a width,
 * a precision for %s, * for either, and the lengths h, hh, l, ll, z.
 */
#ifndef KERNEL_LIB_FORMAT_H
#define KERNEL_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Each character goes to put(arg, c). Returns their number. */
int format_to(void (*put)(void *arg, char c), void *arg, const char *fmt, va_list ap);

/* As snprintf: always terminated (size > 0), returns the length it would have had. */
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vformat(char *buf, size_t size, const char *fmt, va_list ap);

/* Bytes as a line of printable ASCII: \\, \n, \xHH for the rest. */
void format_escaped(char *buf, size_t size, const char *bytes, size_t n);

/* Appends text to a list that commas keep apart, as far as there is room. */
void format_append(char *list, size_t size, const char *text);

#endif
