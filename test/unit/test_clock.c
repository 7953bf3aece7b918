/* SPDX-License-Identifier: BSD-2-Clause */
/* How the TSC rate is chosen, for machines that we do not have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/host/clock_choose.h"

#define MHZ UINT64_C(1000000)

static void expect(const struct clock_readings *r, uint64_t rate, const char *source)
{
	struct clock_choice c = clock_choose(r);

	assert_int_equal(c.rate, rate);
	if (source)
		assert_non_null(strstr(c.source, source));
	else
		assert_null(c.source);
}

static void the_best_is_taken(void **state)
{
	struct clock_readings r = {
		.hypervisor = 2500 * MHZ,
		.crystal = 2501 * MHZ,
		.ratio_base = 2502 * MHZ,
		.pm_timer = 2503 * MHZ,
		.pit = 2504 * MHZ,
		.base = 2505 * MHZ,
	};

	(void)state;
	expect(&r, 2500 * MHZ, "hypervisor");
	r.hypervisor = 0;
	expect(&r, 2501 * MHZ, "CPUID.15h");
	r.crystal = 0;
	expect(&r, 2502 * MHZ, "CPUID.16h");
	r.ratio_base = 0;
	expect(&r, 2503 * MHZ, "PM timer");
	r.pm_timer = 0;
	expect(&r, 2504 * MHZ, "PIT");
	r.pit = 0;
	expect(&r, 2505 * MHZ, "CPUID.16h");
}

static void nothing_is_known(void **state)
{
	const struct clock_readings none = { 0 };

	(void)state;
	expect(&none, 10000 * MHZ, NULL);
}

/* A PIT that is not there was once measured so: 5 ms in 14 us. */
static void what_cannot_be_is_refused(void **state)
{
	const struct clock_readings slow = { .pit = 900000 }, fast = { .crystal = 10001 * MHZ },
				    mixed = { .pm_timer = 20000 * MHZ, .pit = 3000 * MHZ };

	(void)state;
	expect(&slow, 10000 * MHZ, NULL);
	expect(&fast, 10000 * MHZ, NULL);
	expect(&mixed, 3000 * MHZ, "PIT");
}

/* Bochs has the CPUID of a CPU of some GHz, and a TSC that counts its instructions. */
static void emulators_are_measured(void **state)
{
	const struct clock_readings bochs = {
		.crystal = 2400 * MHZ, .base = 2400 * MHZ, .pm_timer = 4 * MHZ, .pit = 4002000
	};
	const struct clock_readings icount = { .pit = 1000 * MHZ };

	(void)state;
	expect(&bochs, 4 * MHZ, "PM timer");
	expect(&icount, 1000 * MHZ, "PIT");
}

/* Time was stolen during a measurement: it is too large, and contradicts nobody. */
static void stolen_time_contradicts_nobody(void **state)
{
	const struct clock_readings r = { .crystal = 2400 * MHZ,
					  .pm_timer = 9000 * MHZ,
					  .pit = 2405 * MHZ };
	const struct clock_readings measured = { .pm_timer = 9000 * MHZ, .pit = 2405 * MHZ };

	(void)state;
	expect(&r, 2400 * MHZ, "CPUID.15h");
	expect(&measured, 2405 * MHZ, "PIT");
}

static void leaves_are_read(void **state)
{
	/* A Skylake: 24 MHz, 216 / 2, in CPUID.15h; EBX of 16h and later are not looked at. */
	struct clock_leaves l = { .tsc = { 2, 216, 24000000, 0 },
				  .frequency = { 2600, 3500, 100, 0 } };
	struct clock_readings r;

	(void)state;
	clock_read_leaves(&l, &r);
	assert_int_equal(r.crystal, 2592 * MHZ);
	assert_int_equal(r.ratio_base, 0);
	assert_int_equal(r.base, 2600 * MHZ);
	assert_int_equal(r.hypervisor, 0);
	l.tsc.ecx = 0; /* the crystal is not told */
	clock_read_leaves(&l, &r);
	assert_int_equal(r.crystal, 0);
	assert_int_equal(r.ratio_base, 2600 * MHZ);
	l.tsc.eax = 0;
	clock_read_leaves(&l, &r);
	assert_int_equal(r.crystal, 0);
	assert_int_equal(r.ratio_base, 0);
}

static void hypervisors_leaf(void **state)
{
	struct clock_leaves l = { .hypervisor = { 0x40000010, 0x61774d56, 0x4d566572, 0x65726177 },
				  .timing = { 2999998, 66000, 0, 0 } };
	struct clock_readings r;

	(void)state;
	clock_read_leaves(&l, &r);
	assert_int_equal(r.hypervisor, 2999998000);
	l.hypervisor.eax = 0x4000000f;
	clock_read_leaves(&l, &r);
	assert_int_equal(r.hypervisor, 0);
	l.hypervisor = (struct cpuid_regs){ 0x40000010, 0x7263694d, 0x666f736f, 0x76482074 };
	clock_read_leaves(&l, &r); /* Hyper-V: that leaf is something else */
	assert_int_equal(r.hypervisor, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_is_taken),
		cmocka_unit_test(nothing_is_known),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(emulators_are_measured),
		cmocka_unit_test(stolen_time_contradicts_nobody),
		cmocka_unit_test(leaves_are_read),
		cmocka_unit_test(hypervisors_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
