/* SPDX-License-Identifier: BSD-2-Clause */
/* Intel 8254 data sheet, mode 0; port 61h: the gate and the output of counter 2. */
#include "kernel/clock.h"

#include "guest/abi.h"
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
	MEASURED_US = 5000,
	MEASUREMENTS = 5,
};

/* Where there is no PIT: faster than any TSC, so that waits are long enough. */
#define TICKS_PER_SECOND_MAX UINT64_C(8000000000)

static uint64_t ticks_per_second = TICKS_PER_SECOND_MAX;
static uint64_t slow = 1;

/* Ticks in MEASURED_US or more, as the counter runs from its second byte on; or limit. */
static uint64_t measure(uint64_t limit)
{
	unsigned count = (unsigned)((uint64_t)PIT_HZ * MEASURED_US / 1000000);
	uint8_t port_b = inb(PORT_B) & (uint8_t) ~(PORT_B_GATE2 | PORT_B_SPEAKER);
	uint64_t start, ticks;

	outb(PORT_B, port_b);
	outb(PIT_CONTROL, PIT_C2_MODE0);
	outb(PIT_COUNTER2, (uint8_t)count);
	start = rdtsc();
	outb(PIT_COUNTER2, (uint8_t)(count >> 8));
	outb(PORT_B, port_b | PORT_B_GATE2);
	do
		ticks = rdtsc() - start;
	while (!(inb(PORT_B) & PORT_B_OUT2) && ticks < limit);
	outb(PORT_B, port_b);
	return ticks < limit ? ticks : limit;
}

/* A CPU that is stopped meanwhile makes a measurement too large, and never too small. */
void clock_init(void)
{
	uint64_t limit = TICKS_PER_SECOND_MAX / 1000000 * MEASURED_US, least = limit;

	for (unsigned i = 0; i < MEASUREMENTS; i++) {
		uint64_t ticks = measure(limit);

		least = ticks < least ? ticks : least;
	}
	ticks_per_second = least * (1000000 / MEASURED_US);
}

void clock_set_slow(uint64_t times)
{
	slow = times;
}

uint64_t clock_ticks(uint64_t microseconds)
{
	return microseconds * (ticks_per_second / 1000000 + 1);
}

uint64_t clock_ms(uint64_t ticks)
{
	return ticks / (ticks_per_second / 1000 + 1);
}

uint64_t clock_patience_ticks(uint64_t microseconds)
{
	return clock_ticks(microseconds) * slow;
}

void clock_wait(uint64_t microseconds)
{
	uint64_t start = rdtsc(), ticks = clock_ticks(microseconds);

	while (rdtsc() - start < ticks)
		cpu_pause();
}

struct clock_patience clock_patience(uint64_t microseconds)
{
	uint64_t ticks = clock_patience_ticks(microseconds);

	return (struct clock_patience){
		.last = rdtsc(),
		.left = ticks,
		.step = (ticks >> PATIENCE_SHIFT) + 1,
	};
}

bool clock_is_patient(struct clock_patience *p)
{
	uint64_t now = rdtsc(), passed = now - p->last;

	if (passed > p->step)
		passed = p->step;
	p->last = now;
	p->left = passed < p->left ? p->left - passed : 0;
	cpu_pause();
	return p->left;
}
