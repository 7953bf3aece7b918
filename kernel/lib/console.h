/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial console: COM1, 115200 8N1, polled. Everything that is sent goes
 * through here, one CPU at a time (report.c has the lock), and is summed up for
 * the log's seals (docs/log.md).
 */
#ifndef KERNEL_LIB_CONSOLE_H
#define KERNEL_LIB_CONSOLE_H

#include <stdint.h>

/* A machine without COM1 is noticed, and costs no time later. */
void console_init(void);

/* \n is sent as \r\n. */
void console_put(char c);

/* Ends a line that was begun. */
void console_fresh_line(void);

/* CRC-32 of all that was put since console_restart_crc, without CR. */
uint32_t console_crc(void);
void console_restart_crc(void);

/* Waits until the last bit has left the UART. */
void console_drain(void);

#endif
