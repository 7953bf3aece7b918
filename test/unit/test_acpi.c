/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI's list of CPUs, valid and invalid, built here byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/host/acpi.h"
#include "test/unit/fake_firmware.h"
#include "test/unit/roll.h"

enum { ROOT = 0x1000, OTHER = 0x2000, MADT = 0x3000 };

static uint8_t rsdp[ACPI_RSDP_SIZE];
static struct acpi_cpus cpus;

static const char *read_all(void)
{
	const char *error;

	error = acpi_read_cpus(rsdp, fake_see, NULL, &cpus);
	fake_forget();
	return error;
}

static void begin_table(unsigned at, const char *signature, unsigned length)
{
	memset(fake_memory + at, 0, length);
	memcpy(fake_memory + at, signature, 4);
	fake_set_length(at, length);
}

static void add_lapic(uint8_t id, uint32_t flags)
{
	uint8_t e[8] = { 0, 8, 0, id };

	fake_put(e + 4, flags, 4);
	fake_grow(MADT, e, sizeof(e));
}

static void add_x2apic(uint32_t id, uint32_t flags)
{
	uint8_t e[16] = { 9, 16 };

	fake_put(e + 4, id, 4);
	fake_put(e + 8, flags, 4);
	fake_grow(MADT, e, sizeof(e));
}

static void fix_rsdp(void)
{
	fake_fix_sum(rsdp, 20, 8);
	fake_fix_sum(rsdp, 36, 32);
}

/* An RSDP of revision 2 with an XSDT, or of revision 0 with an RSDT; the MADT has no entries yet. */
static void good(bool extended)
{
	uint8_t entries[16] = { 0 };
	unsigned size = extended ? 8 : 4;

	memset(fake_memory, 0, sizeof(fake_memory));
	memset(rsdp, 0, sizeof(rsdp));
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = extended ? 2 : 0;
	fake_put(rsdp + 16, extended ? 0xdead0000 : ROOT, 4);
	fake_put(rsdp + 20, 36, 4);
	fake_put(rsdp + 24, extended ? ROOT : 0, 8);
	fix_rsdp();
	begin_table(ROOT, extended ? "XSDT" : "RSDT", 36);
	begin_table(OTHER, "FACP", 100);
	begin_table(MADT, "APIC", 44);
	fake_put(entries, OTHER, size);
	fake_put(entries + size, MADT, size);
	fake_grow(ROOT, entries, 2 * size);
}

static void both_kinds_of_root(void **state)
{
	(void)state;
	for (unsigned extended = 0; extended < 2; extended++) {
		good(extended);
		add_lapic(0, 1);
		add_lapic(2, 1);
		add_lapic(3, 0);
		add_lapic(0xff, 1);
		add_x2apic(300, 1);
		add_x2apic(2, 1); /* the second time */
		add_x2apic(301, 2);
		fake_grow(MADT, (const uint8_t[]){ 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 12);
		add_lapic(7, 1);
		assert_null(read_all());
		assert_int_equal(cpus.n, 4);
		assert_int_equal(cpus.apic_id[0], 0);
		assert_int_equal(cpus.apic_id[1], 2);
		assert_int_equal(cpus.apic_id[2], 300);
		assert_int_equal(cpus.apic_id[3], 7);
		assert_int_equal(cpus.disabled, 2);
		assert_int_equal(cpus.left_out, 0);
	}
}

static void too_many_are_counted(void **state)
{
	(void)state;
	good(true);
	for (unsigned i = 0; i < ACPI_CPUS_MAX + 5; i++)
		add_x2apic(1000 + i, 1);
	assert_null(read_all());
	assert_int_equal(cpus.n, ACPI_CPUS_MAX);
	assert_int_equal(cpus.left_out, 5);
}

static bool has_remark(const char *words)
{
	for (unsigned i = 0; i < cpus.remarks.n; i++)
		if (strstr(cpus.remarks.text[i], words))
			return true;
	return false;
}

/* There is no list. */
static void assert_says(const char *words)
{
	const char *error = read_all();

	assert_non_null(error);
	if (!strstr(error, words))
		fail_msg("\"%s\" has no \"%s\"", error, words);
}

/* There is a list of n CPUs, and this is said of it; NULL: nothing. */
static void assert_lists(unsigned n, const char *words)
{
	const char *error = read_all();

	if (error)
		fail_msg("%s", error);
	assert_int_equal(cpus.n, n);
	if (words)
		assert_true(has_remark(words));
	else
		assert_int_equal(cpus.remarks.n, 0);
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	good(true);
	add_lapic(0, 1);
	rsdp[0] = 'r';
	assert_says("signature");
	good(true);
	assert_says("no CPU that is enabled");
	add_lapic(1, 0);
	assert_says("no CPU that is enabled");
	assert_int_equal(cpus.disabled, 1);
	memcpy(fake_memory + MADT, "APIX", 4);
	assert_says("no MADT");
	good(true);
	fake_memory[ROOT] = 'Y';
	assert_says("another signature");
	good(true);
	fake_put(rsdp + 24, FAKE_MEMORY, 8);
	fix_rsdp();
	assert_says("nothing can be read");
	good(true);
	fake_put(fake_memory + ROOT + 4, FAKE_MEMORY, 4);
	assert_says("reaches");
	good(true);
	fake_put(fake_memory + ROOT + 4, 35, 4);
	assert_says("length");
	good(true);
	fake_put(fake_memory + ROOT + 4, UINT32_MAX, 4);
	assert_says("length");
	good(true);
	begin_table(MADT, "APIC", 43);
	assert_says("too short");
}

/* What makes sense all the same is used. */
static void a_wrong_checksum_is_a_warning(void **state)
{
	(void)state;
	for (unsigned extended = 0; extended < 2; extended++)
		for (unsigned at = 0; at < 3; at++) {
			good(extended);
			add_lapic(0, 1);
			add_lapic(1, 1);
			assert_lists(2, NULL);
			if (at == 2)
				rsdp[10] ^= 1;
			else
				fake_memory[(at ? MADT : ROOT) + 9] ^= 1;
			assert_lists(2, at == 2 ? "RSDP's checksum" : "table's checksum");
			assert_int_equal(cpus.remarks.n, 1);
		}
	good(true);
	add_lapic(0, 1);
	rsdp[20] ^= 1; /* in the extended part only */
	assert_lists(1, "RSDP's checksum");
	good(false);
	rsdp[20] ^= 1; /* which an old one does not have */
	add_lapic(0, 1);
	assert_lists(1, NULL);
}

/* Both roots, with the XSDT spoilt. */
static void the_rsdt_is_used_where_the_xsdt_fails(void **state)
{
	enum { RSDT = 0x4000 };

	(void)state;
	for (unsigned way = 0; way < 5; way++) {
		uint8_t entry[4];

		good(true);
		add_lapic(0, 1);
		add_lapic(1, 1);
		begin_table(RSDT, "RSDT", 36);
		fake_put(entry, MADT, 4);
		fake_grow(RSDT, entry, 4);
		fake_put(rsdp + 16, RSDT, 4);
		fix_rsdp();
		if (way == 1)
			fake_put(rsdp + 24, UINT64_MAX - 5, 8);
		else if (way == 2)
			fake_put(fake_memory + ROOT + 4, 3, 4);
		else if (way == 3)
			memset(fake_memory + ROOT + 36, 0, 16); /* it leads nowhere */
		else if (way == 4)
			memset(fake_memory + ROOT, 0, 64);
		assert_lists(2, way ? "the RSDT is used" : NULL);
	}
	memset(fake_memory + RSDT, 0, 64); /* now there is none */
	assert_says("another signature");
	assert_false(has_remark("is used"));
}

/* Those before it count: what is said is what is done. */
static void entries_end_where_they_say(void **state)
{
	static const uint8_t bad[][3] = { { 0, 0, 1 }, { 0, 1, 0 }, { 0, 9, 0 }, { 9, 255, 0 } };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		good(true);
		add_lapic(1, 1);
		add_lapic(2, 1);
		fake_grow(MADT, bad[i], 3);
		add_lapic(3, 1);
		if (i == 2)
			assert_lists(2, NULL); /* it swallows the next one, but for two zeroes */
		else
			assert_lists(2, "CPUs listed before it count, and none after it");
	}
	good(true);
	add_lapic(1, 1);
	fake_grow(MADT, (const uint8_t[]){ 9 }, 1);
	assert_lists(1, "impossible length");
	good(true);
	fake_grow(MADT, (const uint8_t[]){ 4, 0, 1 }, 3);
	assert_says("no CPU that is enabled");
	assert_true(has_remark("impossible length"));
	/* Padding. */
	good(true);
	add_lapic(1, 1);
	add_lapic(2, 1);
	for (unsigned i = 0; i < 9; i++) {
		fake_grow(MADT, (const uint8_t[]){ 0 }, 1);
		assert_lists(2, NULL);
	}
	/* Too short for what they are: not believed. */
	good(true);
	add_lapic(1, 1);
	fake_grow(MADT, (const uint8_t[]){ 0, 4, 0, 5, 9, 4, 0, 0 }, 8);
	assert_lists(1, NULL);
}

static void broadcast_ids_are_nobody(void **state)
{
	(void)state;
	good(true);
	add_lapic(0, 1);
	add_lapic(1, 1);
	add_lapic(0xff, 1);
	add_x2apic(0xff, 1); /* here it is somebody */
	add_x2apic(UINT32_MAX, 1);
	assert_lists(3, NULL);
	assert_int_equal(cpus.apic_id[2], 0xff);
}

/* MADTs of machines and reports, as they lay in memory: what they are good for. */
/* clang-format off */
static const struct {
	const char *what;
	unsigned n, size;
	uint8_t bytes[88];
	const char *words;
} madts[] = {
#define HEAD(length, sum)                                                                          \
	'A', 'P', 'I', 'C', length, 0, 0, 0, 4, sum, 'N', 'B', 'T', 'E', 'S', 'T', 'C', 'A', 'S',  \
		'E', 'T', 'A', 'B', 'L', 1, 0, 0, 0, 'T', 'E', 'S', 'T', 1, 0, 0, 0, 0, 0, 0xe0,   \
		0xfe, 1, 0, 0, 0
#define CPU(n) 0, 8, n, n, 1, 0, 0, 0
	{ "the boot CPU is not listed", 1, 52, { HEAD(52, 0x70), CPU(1) }, NULL },
	{ "checksum", 2, 60, { HEAD(60, 0x60), CPU(0), CPU(1) }, "checksum" },
	{ "length 0", 2, 70, { HEAD(70, 0x44), CPU(0), CPU(1), 4, 0, CPU(2) },
	  "length" },
	{ "padding", 2, 64, { HEAD(64, 0x5b), CPU(0), CPU(1), 0, 0, 0, 0 }, NULL },
	{ "x2APIC ID ffffffff", 2, 88,
	  { HEAD(88, 0x58), CPU(0), CPU(1), 9, 16, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2, 0,
	    0, 0, 1, 12, 8, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0 }, NULL },
};
/* clang-format on */

static void madts_of_real_machines(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(madts) / sizeof(madts[0]); i++) {
		good(i % 2);
		memcpy(fake_memory + MADT, madts[i].bytes, madts[i].size);
		print_message("%s\n", madts[i].what);
		assert_lists(madts[i].n, madts[i].words);
	}
}

static void assert_has_once(uint32_t id)
{
	unsigned times = 0;

	for (unsigned i = 0; i < cpus.n; i++)
		times += cpus.apic_id[i] == id;
	assert_int_equal(times, 1);
}

/* It runs this: whatever is listed, it is there, and there is room for all. */
static void the_boot_cpu_counts(void **state)
{
	(void)state;
	for (unsigned listed = 1; listed < ACPI_CPUS_MAX + 3; listed++)
		for (unsigned boot = 0; boot < 3; boot++) {
			unsigned n = listed;

			good(true);
			for (unsigned i = 0; i < listed; i++)
				add_x2apic(1000 + i, 1);
			assert_null(read_all());
			if (boot == 0) { /* it is the last that is listed */
				acpi_count_boot_cpu(&cpus, 1000 + listed - 1);
				assert_has_once(1000 + listed - 1);
			} else if (boot == 1) {
				assert_false(acpi_count_boot_cpu(&cpus, 1000));
				assert_has_once(1000);
			} else { /* it is not listed; where some are left out, who knows */
				assert_int_equal(acpi_count_boot_cpu(&cpus, 7),
						 listed <= ACPI_CPUS_MAX);
				assert_has_once(7);
				n += listed <= ACPI_CPUS_MAX;
			}
			assert_true(cpus.n <= ACPI_CPUS_MAX);
			assert_int_equal(cpus.n + cpus.left_out, n);
			if (listed < ACPI_CPUS_MAX)
				assert_has_once(1000);
		}
	/* No list is no list. */
	good(true);
	assert_non_null(read_all());
	assert_false(acpi_count_boot_cpu(&cpus, 0));
	assert_int_equal(cpus.n, 0);
}

/* Any bytes at all: an answer, and no byte is read that was not given. */
static void damage_is_survived(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		good(n & 1);
		for (unsigned i = 0; i < 6; i++)
			add_lapic((uint8_t)i, 1);
		for (unsigned hits = 1 + roll(4); hits; hits--) {
			static const unsigned tables[] = { ROOT, OTHER, MADT };
			unsigned table = tables[roll(3)];
			unsigned at = (unsigned)roll(100);

			fake_memory[table + at] = (uint8_t)roll(256);
			if (roll(2)) {
				uint32_t length;

				memcpy(&length, fake_memory + table + 4, 4);
				if (length >= 10 && length <= FAKE_MEMORY - table)
					fake_fix_sum(fake_memory + table, length, 9);
			}
		}
		read_all();
		assert_true(cpus.n <= ACPI_CPUS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_of_root),
		cmocka_unit_test(too_many_are_counted),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_wrong_checksum_is_a_warning),
		cmocka_unit_test(the_rsdt_is_used_where_the_xsdt_fails),
		cmocka_unit_test(entries_end_where_they_say),
		cmocka_unit_test(broadcast_ids_are_nobody),
		cmocka_unit_test(madts_of_real_machines),
		cmocka_unit_test(the_boot_cpu_counts),
		cmocka_unit_test(damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
