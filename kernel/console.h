/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial console: COM1, 115200 8N1, polled. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdarg.h>

/* A machine without COM1 is noticed, and costs no time later. */
void console_init(void);

/* A text; \n becomes \r\n. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *fmt, va_list ap);

/* Waits until the last bit has left the UART. */
void console_drain(void);

#endif
