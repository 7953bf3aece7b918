/* SPDX-License-Identifier: BSD-2-Clause */
/* Intel 8254 data sheet, mode 0; port 61h: the gate and the output of counter 2. */
#include "kernel/clock.h"

#include "kernel/x86.h"

enum {
	PIT_COUNTER2 = 0x42,
	PIT_CONTROL = 0x43,
	PIT_C2_MODE0 = 0xb0, /* counter 2, low byte then high byte, mode 0 */
	PORT_B = 0x61,
	PORT_B_GATE2 = 1 << 0,
	PORT_B_SPEAKER = 1 << 1,
	PORT_B_OUT2 = 1 << 5,
	PIT_HZ = 1193182,
	MEASURED_US = 10000,
};

/* Where there is no PIT: faster than any TSC, so that waits are long enough. */
#define TICKS_PER_SECOND_MAX UINT64_C(8000000000)

static uint64_t ticks_per_second = TICKS_PER_SECOND_MAX;

void clock_init(void)
{
	uint64_t start, ticks, limit = TICKS_PER_SECOND_MAX / 10;
	unsigned count = (unsigned)((uint64_t)PIT_HZ * MEASURED_US / 1000000);
	uint8_t port_b = inb(PORT_B) & (uint8_t) ~(PORT_B_GATE2 | PORT_B_SPEAKER);

	outb(PORT_B, port_b);
	outb(PIT_CONTROL, PIT_C2_MODE0);
	outb(PIT_COUNTER2, (uint8_t)count);
	outb(PIT_COUNTER2, (uint8_t)(count >> 8));
	outb(PORT_B, port_b | PORT_B_GATE2);
	start = rdtsc();
	do
		ticks = rdtsc() - start;
	while (!(inb(PORT_B) & PORT_B_OUT2) && ticks < limit);
	outb(PORT_B, port_b);
	if (ticks < limit)
		ticks_per_second = ticks * (1000000 / MEASURED_US);
}

uint64_t clock_ticks(uint64_t microseconds)
{
	return microseconds * (ticks_per_second / 1000000 + 1);
}

void clock_wait(uint64_t microseconds)
{
	uint64_t start = rdtsc(), ticks = clock_ticks(microseconds);

	while (rdtsc() - start < ticks)
		cpu_pause();
}
