/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers: National Semiconductor PC16550D data sheet, section 8. */
#include "kernel/lib/console.h"

#include "kernel/lib/crc32.h"
#include "kernel/lib/x86.h"

#include <stdbool.h>

enum {
	COM1 = 0x3f8,
	UART_DATA = 0,	/* DLAB: divisor, low byte */
	UART_IER = 1,	/* DLAB: divisor, high byte */
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCRATCH = 7,
	LCR_8N1 = 0x03,
	LCR_DLAB = 0x80,
	FCR_ENABLE_CLEAR = 0x07,
	MCR_DTR_RTS = 0x03,
	LSR_THR_EMPTY = 1 << 5,
	LSR_ALL_SENT = 1 << 6,
	DIVISOR_115200 = 1,
	SPINS = 1 << 20, /* polls: far more than a character takes, and immune to stolen time */
};

static bool have_uart, in_line;
static uint32_t crc;

void console_init(void)
{
	outb(COM1 + UART_SCRATCH, 0x5a);
	have_uart = inb(COM1 + UART_SCRATCH) == 0x5a;
	if (!have_uart)
		return;
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_DLAB);
	outb(COM1 + UART_DATA, DIVISOR_115200);
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_8N1);
	outb(COM1 + UART_FCR, FCR_ENABLE_CLEAR);
	outb(COM1 + UART_MCR, MCR_DTR_RTS);
}

static void wait_for(uint8_t bit)
{
	for (int i = 0; i < SPINS; i++)
		if (inb(COM1 + UART_LSR) & bit)
			return;
}

static void put_byte(char c)
{
	wait_for(LSR_THR_EMPTY);
	outb(COM1 + UART_DATA, (uint8_t)c);
}

void console_put(char c)
{
	crc = crc32_add(crc, (uint8_t)c);
	in_line = c != '\n';
	if (!have_uart)
		return;
	if (c == '\n')
		put_byte('\r');
	put_byte(c);
}

void console_fresh_line(void)
{
	if (in_line)
		console_put('\n');
}

uint32_t console_crc(void)
{
	return crc;
}

void console_restart_crc(void)
{
	crc = 0;
}

void console_drain(void)
{
	if (have_uart)
		wait_for(LSR_ALL_SENT);
}
