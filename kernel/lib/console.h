/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The serial console: COM1, 115200 8N1, polled. Not locked: callers hold the lock in
 * log.c. All output goes through here and into a CRC, for the log's seals (docs/log.md).
 */
#ifndef KERNEL_LIB_CONSOLE_H
#define KERNEL_LIB_CONSOLE_H

#include <stdint.h>

/* Initializes COM1. Without COM1, later output is discarded at once. */
void console_init(void);

/* Sends c; \n is sent as \r\n. */
void console_put(char c);

/* Ends the current line, unless it is empty. */
void console_fresh_line(void);

/* CRC-32 of everything passed to console_put since console_restart_crc (so without CR). */
uint32_t console_crc(void);
void console_restart_crc(void);

/* Waits until the UART has sent the last bit; gives up after a while. */
void console_drain(void);

#endif
