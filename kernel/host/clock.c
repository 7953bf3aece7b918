/* SPDX-License-Identifier: BSD-2-Clause */
/* Intel 8254 data sheet, mode 0; port 61h: gate and output of counter 2. ACPI specification
 * 6.4, 4.8.3.3: the power management timer. */
#include "kernel/host/clock.h"

#include "kernel/host/clock_choose.h"
#include "kernel/host/mmu.h"
#include "kernel/host/port_b.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

enum {
	PIT_COUNTER2 = 0x42,
	PIT_CONTROL = 0x43,
	PIT_C2_MODE0 = 0xb0, /* counter 2, low byte then high byte, mode 0 */
	PIT_HZ = 1193182,
	PM_TIMER_HZ = 3579545,
	MEASURED_US = 5000,
	MEASUREMENTS = 5,
};

/* More than any TSC counts in MEASURED_US: a timer that takes longer does not work. */
#define LIMIT  (UINT64_C(10000000000) / 1000000 * MEASURED_US)
#define FAILED UINT64_MAX

static uint64_t ticks_per_second = UINT64_C(10000000000); /* until clock_init */
static uint64_t slow = 1;

/*
 * Measurements return TSC ticks per second, or FAILED. A CPU that is stopped meanwhile makes
 * the result too large, never too small: the TSC is read first at the start and last at the
 * end.
 */

/* The counter starts when its second byte is written. Require its output to be low before it
 * is high: without a PIT, port 61h reads as all ones. */
static uint64_t measure_pit(const struct acpi_pm_timer *unused)
{
	unsigned count = (unsigned)((uint64_t)PIT_HZ * MEASURED_US / 1000000);
	uint8_t port_b = inb(PORT_B) & (uint8_t) ~(PORT_B_GATE2 | PORT_B_SPEAKER);
	uint64_t start, ticks;
	bool was_low;

	(void)unused;
	outb(PORT_B, port_b);
	outb(PIT_CONTROL, PIT_C2_MODE0);
	outb(PIT_COUNTER2, (uint8_t)count);
	start = rdtsc();
	outb(PIT_COUNTER2, (uint8_t)(count >> 8));
	was_low = !(inb(PORT_B) & PORT_B_OUT2);
	outb(PORT_B, port_b | PORT_B_GATE2);
	do
		ticks = rdtsc() - start;
	while (was_low && !(inb(PORT_B) & PORT_B_OUT2) && ticks < LIMIT);
	outb(PORT_B, port_b);
	return was_low && ticks < LIMIT ? ticks * (1000000 / MEASURED_US) : FAILED;
}

static uint32_t read_pm_timer(const struct acpi_pm_timer *t)
{
	return t->in_memory ? *(volatile uint32_t *)t->address : inl((uint16_t)t->address);
}

static uint64_t measure_pm_timer(const struct acpi_pm_timer *t)
{
	const uint32_t enough = (uint32_t)((uint64_t)PM_TIMER_HZ * MEASURED_US / 1000000);
	uint32_t mask = t->bits == 32 ? UINT32_MAX : (UINT32_C(1) << t->bits) - 1, counts;
	uint64_t start = rdtsc(), ticks;
	uint32_t first = read_pm_timer(t);

	do {
		counts = (read_pm_timer(t) - first) & mask;
		ticks = rdtsc() - start;
	} while (counts < enough && ticks < LIMIT);
	return counts >= enough ? ticks * PM_TIMER_HZ / counts : FAILED;
}

/* The smallest of several measurements; 0: the timer does not count. */
static uint64_t least_of(uint64_t measure(const struct acpi_pm_timer *),
			 const struct acpi_pm_timer *timer)
{
	uint64_t least = FAILED;

	for (unsigned i = 0; i < MEASUREMENTS; i++) {
		uint64_t rate = measure(timer);

		if (rate == FAILED)
			return least == FAILED ? 0 : least;
		least = rate < least ? rate : least;
	}
	return least;
}

static struct clock_leaves read_leaves(void)
{
	struct clock_leaves l = { 0 };
	uint32_t last = cpuid(0, 0).eax;

	if (last >= 0x15)
		l.tsc = cpuid(0x15, 0);
	if (last >= 0x16)
		l.frequency = cpuid(0x16, 0);
	if (cpuid(1, 0).ecx >> 31) {
		l.hypervisor = cpuid(0x40000000, 0);
		if (l.hypervisor.eax >= 0x40000010)
			l.timing = cpuid(0x40000010, 0);
	}
	return l;
}

void clock_init(const struct acpi_pm_timer *timer)
{
	struct clock_leaves leaves = read_leaves();
	struct clock_readings readings = { 0 };
	struct clock_choice choice;

	clock_read_leaves(&leaves, &readings);
	if (timer->address && timer->in_memory)
		mmu_map_device(timer->address, sizeof(uint32_t));
	if (timer->address)
		readings.pm_timer = least_of(measure_pm_timer, timer);
	readings.pit = least_of(measure_pit, NULL);
	choice = clock_choose(&readings);
	ticks_per_second = choice.rate;
	if (choice.source)
		note("TSC: %lu kHz %s", (unsigned long)(choice.rate / 1000), choice.source);
	else
		note("TSC: its rate is unknown, since neither CPUID nor an ACPI PM timer nor a PIT "
		     "tells it; waits are long");
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
		.step = (ticks >> CLOCK_PATIENCE_SHIFT) + 1,
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
