/* SPDX-License-Identifier: BSD-2-Clause */
/* The ports that KVM leaves to us: a UART that only sends, and QEMU's isa-debug-exit. */
#include "test/kvm/vmm.h"

enum {
	/* National Semiconductor PC16550D data sheet, section 8. */
	COM1 = 0x3f8,
	UART_PORTS = 8,
	UART_DATA = 0,
	UART_IER = 1,
	UART_LCR = 3,
	UART_LSR = 5,
	UART_SCRATCH = 7,
	LCR_DLAB = 0x80,
	LSR_IDLE = 0x60, /* holding and shift registers are empty */

	EXIT_PORT = 0xf4,
	NOBODY = 0xff,
};

static uint8_t uart[UART_PORTS]; /* what was written last */

static bool uart_latched(void)
{
	return uart[UART_LCR] & LCR_DLAB;
}

static uint8_t uart_in(unsigned reg)
{
	switch (reg) {
	case UART_LSR:
		return LSR_IDLE;
	case UART_IER:
	case UART_LCR:
	case UART_SCRATCH:
		return uart[reg];
	default:
		return 0;
	}
}

static void uart_out(unsigned reg, uint8_t value)
{
	if (reg == UART_DATA && !uart_latched())
		outer_put_serial(value);
	else if (reg != UART_IER || !uart_latched())
		uart[reg] = value;
}

static uint8_t port_in(unsigned port)
{
	return port >= COM1 && port < COM1 + UART_PORTS ? uart_in(port - COM1) : NOBODY;
}

static void port_out(unsigned port, uint8_t value)
{
	if (port >= COM1 && port < COM1 + UART_PORTS)
		uart_out(port - COM1, value);
	else if (port == EXIT_PORT)
		outer_end(value);
}

void ports_exit(struct kvm_run *run)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	unsigned size = run->io.size, n = run->io.count * size;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < n; i++)
		if (run->io.direction == KVM_EXIT_IO_IN)
			data[i] = port_in(run->io.port + i % size);
		else
			port_out(run->io.port + i % size, data[i]);
	pthread_mutex_unlock(&lock);
}
