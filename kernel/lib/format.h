/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text formatting. Supports %s %c %d %i %u %x %X %p %%, the flags 0 and -, a width,
 * a precision for %s, * for either, and the lengths h, hh, l, ll, z (h and hh do not
 * truncate). An unknown conversion is printed as it is.
 */
#ifndef KERNEL_LIB_FORMAT_H
#define KERNEL_LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Calls put(arg, c) for each character. Returns the number of characters. */
int format_to(void (*put)(void *arg, char c), void *arg, const char *fmt, va_list ap);

/* As snprintf: always terminates buf, and returns the untruncated length. size > 0. */
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vformat(char *buf, size_t size, const char *fmt, va_list ap);

/* Writes n bytes as printable ASCII, with the escapes \\, \n and \xHH; truncates. size > 0. */
void format_escaped(char *buf, size_t size, const char *bytes, size_t n);

/* Appends text to a comma-separated list of capacity size; truncates. */
void format_append(char *list, size_t size, const char *text);

#endif
