/* SPDX-License-Identifier: BSD-2-Clause */
/* The PM timer and I/O APICs in ACPI tables, valid and invalid. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/host/acpi_devices.h"
#include "test/unit/fake_firmware.h"
#include "test/unit/roll.h"

enum { ROOT = 0x1000, FADT = 0x2000, MADT = 0x3000, FADT_SIZE = 244 };

static uint8_t rsdp[ACPI_RSDP_SIZE];
static struct acpi_pm_timer timer;
static struct acpi_ioapics ioapics;

static bool read_timer(void)
{
	bool there;

	memset(&timer, 0xff, sizeof(timer));
	there = acpi_read_pm_timer(rsdp, fake_see, NULL, &timer);
	fake_forget();
	return there;
}

static unsigned read_ioapics(void)
{
	acpi_read_ioapics(rsdp, fake_see, NULL, &ioapics);
	fake_forget();
	return ioapics.n;
}

static void set_fadt(unsigned at, uint64_t n, unsigned bytes)
{
	fake_put(fake_memory + FADT + at, n, bytes);
	fake_set_length(FADT, FADT_SIZE);
}

static void add_ioapic(uint32_t address)
{
	uint8_t e[12] = { 1, 12 };

	fake_put(e + 4, address, 4);
	fake_grow(MADT, e, sizeof(e));
}

/* Port 608h, 24 bits, and no extended address; no I/O APIC. */
static int good(void **state)
{
	(void)state;
	memset(fake_memory, 0, sizeof(fake_memory));
	memset(rsdp, 0, sizeof(rsdp));
	memcpy(rsdp, "RSD PTR ", 8);
	fake_put(rsdp + 16, ROOT, 4);
	fake_fix_sum(rsdp, 20, 8);
	memcpy(fake_memory + ROOT, "RSDT", 4);
	fake_put(fake_memory + ROOT + 36, FADT, 4);
	fake_put(fake_memory + ROOT + 40, MADT, 4);
	fake_set_length(ROOT, 44);
	memcpy(fake_memory + FADT, "FACP", 4);
	fake_put(fake_memory + FADT + 76, 0x608, 4);
	fake_memory[FADT + 91] = 4;
	fake_set_length(FADT, FADT_SIZE);
	memcpy(fake_memory + MADT, "APIC", 4);
	fake_set_length(MADT, 44);
	return 0;
}

static void port(void **state)
{
	(void)state;
	assert_true(read_timer());
	assert_int_equal(timer.address, 0x608);
	assert_int_equal(timer.bits, 24);
	assert_false(timer.in_memory);
	set_fadt(112, 1 << 8, 4);
	assert_true(read_timer());
	assert_int_equal(timer.bits, 32);
	fake_set_length(FADT, 116); /* of ACPI 1.0 */
	assert_true(read_timer());
}

static void extended(void **state)
{
	(void)state;
	set_fadt(212, 0xfed80808, 8);
	assert_true(read_timer());
	assert_int_equal(timer.address, 0xfed80808);
	assert_true(timer.in_memory);
	set_fadt(208, 1, 1);
	set_fadt(212, 0x808, 8);
	assert_true(read_timer());
	assert_int_equal(timer.address, 0x808);
	assert_false(timer.in_memory);
}

/* An extended address that makes no sense does not condemn the other one. */
static void extended_nonsense(void **state)
{
	const uint64_t bad[] = { 0xfed80809, UINT64_MAX, UINT64_MAX - 3, 0 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		set_fadt(212, bad[i], 8);
		assert_true(read_timer());
		assert_int_equal(timer.address, 0x608);
	}
	set_fadt(208, 1, 1);
	set_fadt(212, 0x10000, 8);
	assert_true(read_timer());
	assert_int_equal(timer.address, 0x608);
	set_fadt(208, 0x7f, 1);
	assert_true(read_timer());
	assert_int_equal(timer.address, 0x608);
}

static void no_timer(void **state)
{
	(void)state;
	set_fadt(91, 0, 1); /* hardware-reduced */
	assert_false(read_timer());
	assert_int_equal(timer.address, 0);
	set_fadt(91, 4, 1);
	set_fadt(76, 0x10000, 4);
	assert_false(read_timer());
	set_fadt(76, 0, 4);
	assert_false(read_timer());
	good(NULL);
	fake_set_length(FADT, 115);
	assert_false(read_timer());
	good(NULL);
	assert_int_equal(read_ioapics(), 0);
}

/* As acpi.c has it: the signature and the length are right, so it is no garbage. */
static void a_wrong_checksum_is_no_reason(void **state)
{
	(void)state;
	fake_memory[FADT + 100] ^= 1;
	assert_true(read_timer());
}

static void ioapics_are_listed(void **state)
{
	(void)state;
	assert_int_equal(read_ioapics(), 0);
	add_ioapic(0xfec00000);
	add_ioapic(0xfec01000);
	assert_int_equal(read_ioapics(), 2);
	assert_int_equal(ioapics.address[0], 0xfec00000);
	assert_int_equal(ioapics.address[1], 0xfec01000);
	for (unsigned i = 0; i < 2 * ACPI_IOAPICS_MAX; i++)
		add_ioapic(0xfec02000);
	assert_int_equal(read_ioapics(), ACPI_IOAPICS_MAX);
}

static void garbage(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned at = (unsigned)roll(300), tables[] = { ROOT, FADT, MADT };
		unsigned table = tables[roll(3)];
		uint32_t length;

		if (round % 16 == 0) {
			good(NULL);
			add_ioapic(0xfec00000);
		}
		fake_memory[table + at] = (uint8_t)roll(256);
		memcpy(&length, fake_memory + table + 4, 4);
		if (length < FAKE_MEMORY - table && length > 9)
			fake_fix_sum(fake_memory + table, length, 9);
		if (read_timer())
			assert_true(timer.bits == 24 || timer.bits == 32);
		assert_true(read_ioapics() <= ACPI_IOAPICS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(port, good),
		cmocka_unit_test_setup(extended, good),
		cmocka_unit_test_setup(extended_nonsense, good),
		cmocka_unit_test_setup(no_timer, good),
		cmocka_unit_test_setup(a_wrong_checksum_is_no_reason, good),
		cmocka_unit_test_setup(ioapics_are_listed, good),
		cmocka_unit_test_setup(garbage, good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
