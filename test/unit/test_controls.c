/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control words of many synthetic CPUs, against a second implementation of SDM vol. 3D,
 * A.2 to A.5: bit by bit, from the text, without masks. Bit X may be 0 if bit X of the MSR is
 * 0, and may be 1 if bit X + 32 is 1; the TRUE MSRs apply if bit 55 of IA32_VMX_BASIC is 1.
 * The names of bits are those of vol. 3C, 25.6 to 25.8.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "test/unit/cpu_rec.h"
#include "test/unit/roll.h"
#include "vmx/controls.h"

enum { CPUS = 20000 };

/* What nestbox is to do with a control: N has to have, L likes to have, else it lets be. */
enum { LET, N, L };

static const struct {
	uint32_t msr, true_msr;
	const char *name;
	uint8_t want[32];
} table[5] = {
	{ 0x481, 0x48d, "pin-based", { [0] = N, [3] = N, [5] = L, [6] = L } },
	{ 0x482, 0x48e, "primary processor-based",
	  { [2] = N, [7] = N, [10] = L, [11] = L, [19] = N, [20] = N, [23] = N, [24] = N, [28] = N,
	    [29] = L, [31] = N } },
	{ 0x48b, 0x48b, "secondary processor-based",
	  { [1] = N, [6] = L, [7] = L, [15] = L, [28] = L } },
	{ 0x483, 0x48f, "VM-exit", { [9] = N, [19] = N, [21] = N, [22] = L } },
	{ 0x484, 0x490, "VM-entry", { [2] = N, [9] = N, [14] = N, [15] = N } },
};

/* Most bits may be 1, or there were no CPU that can be taken; few must be. */
static uint64_t roll_msr(unsigned holes)
{
	uint64_t must = 0, may = 0;

	for (unsigned bit = 0; bit < 32; bit++) {
		if (roll(64) >= holes)
			may |= UINT64_C(1) << (bit + 32);
		if (may >> (bit + 32) & 1 && !roll(5))
			must |= UINT64_C(1) << bit;
	}
	return may | must;
}

static void roll_cpu(struct cpu_raw *raw)
{
	static const unsigned holes[] = { 0, 1, 2, 8 };
	unsigned n = holes[roll(4)];

	memset(raw, 0, sizeof(*raw));
	memcpy(&raw->leaf0.ebx, "Genu", 4);
	raw->leaf1.eax = roll(4) ? 0x50654 : 0x106a5; /* the timer has an erratum */
	*cpu_rec_msr(raw, 0x480) = roll(2) << 55 | 17;
	for (uint32_t msr = 0x481; msr <= 0x484; msr++)
		*cpu_rec_msr(raw, msr) = roll_msr(n);
	for (uint32_t msr = 0x48b; msr <= 0x490; msr++)
		*cpu_rec_msr(raw, msr) = roll_msr(n);
	*cpu_rec_msr(raw, 0x486) = *cpu_rec_msr(raw, 0x488) = 0;
	*cpu_rec_msr(raw, 0x487) = *cpu_rec_msr(raw, 0x489) = UINT32_MAX;
}

static bool allowed(const struct cpu_raw *raw, unsigned i, unsigned bit, unsigned value)
{
	bool has_true = cpu_raw_msr(raw, 0x480) & UINT64_C(1) << 55;
	uint64_t msr = cpu_raw_msr(raw, has_true ? table[i].true_msr : table[i].msr);

	if (i == 0 && bit == 6 && value == 1 && raw->leaf1.eax == 0x106a5)
		return false;
	return value ? msr >> (bit + 32) & 1 : !(msr >> bit & 1);
}

/* By one or two CPUs. */
static bool all_allow(const struct cpu_raw *cpus, unsigned n, unsigned i, unsigned bit, unsigned v)
{
	for (unsigned cpu = 0; cpu < n; cpu++)
		if (!allowed(&cpus[cpu], i, bit, v))
			return false;
	return true;
}

/* The value of a control; -1: needed, and cannot be 1. */
static int value_of(const struct cpu_raw *cpus, unsigned n, unsigned i, unsigned bit)
{
	uint8_t want = table[i].want[bit];

	if (i == 0 && bit == 6 && !all_allow(cpus, n, 3, 22, 1))
		want = LET; /* the timer, whose rest cannot be saved */
	if (i == 3 && bit == 22 && !all_allow(cpus, n, 0, 6, 1))
		want = LET;
	if (!all_allow(cpus, n, i, bit, 1))
		return want == N ? -1 : 0;
	if (want == N || want == L)
		return 1;
	return all_allow(cpus, n, i, bit, 0) ? 0 : 1;
}

static void compare(const struct cpu_raw *cpus, unsigned n, const struct vmx_controls *seen,
		    const char *missing)
{
	const uint32_t words[] = { seen->pin, seen->proc, seen->proc2, seen->exit, seen->entry };
	char text[64];
	bool refused = false, named = false;

	for (unsigned i = 0; i < 5; i++)
		for (unsigned bit = 0; bit < 32; bit++)
			if (value_of(cpus, n, i, bit) < 0) {
				snprintf(text, sizeof(text), "bit %u of the %s controls", bit,
					 table[i].name);
				refused = true;
				named |= missing && strstr(missing, text);
			}
	if (refused != named)
		fail_msg("\"%s\" does not name what is missing", missing ? missing : "taken");
	if (refused)
		return;
	if (missing)
		fail_msg("refused: %s", missing);
	for (unsigned i = 0; i < 5; i++)
		for (unsigned bit = 0; bit < 32; bit++)
			if ((words[i] >> bit & 1) != (unsigned)value_of(cpus, n, i, bit))
				fail_msg("bit %u of the %s controls is %u", bit, table[i].name,
					 words[i] >> bit & 1);
}

static void one_cpu(void **state)
{
	struct cpu_raw raw;
	struct vmx_allowed a;
	struct vmx_controls c;
	unsigned taken = 0;

	(void)state;
	for (unsigned k = 0; k < CPUS; k++) {
		const char *missing;

		memset(&c, 0, sizeof(c));
		roll_cpu(&raw);
		vmx_allowed(&raw, &a);
		missing = vmx_controls(&a, &c);
		taken += !missing;
		compare(&raw, 1, &c, missing);
	}
	assert_in_range(taken, CPUS / 10, CPUS * 9 / 10);
}

/* A bit that one of them forbids to be 0, and one to be 1. */
static bool clash(const struct cpu_raw *cpus)
{
	for (unsigned i = 0; i < 5; i++)
		for (unsigned bit = 0; bit < 32; bit++)
			if (!all_allow(cpus, 2, i, bit, 0) && !all_allow(cpus, 2, i, bit, 1))
				return true;
	return false;
}

static void two_cpus_that_differ(void **state)
{
	struct cpu_raw cpus[2];
	struct vmx_allowed a, b, before;
	struct vmx_controls c;
	unsigned taken = 0, clashes = 0;

	(void)state;
	for (unsigned k = 0; k < CPUS; k++) {
		const char *why;

		memset(&c, 0, sizeof(c));
		roll_cpu(&cpus[0]);
		roll_cpu(&cpus[1]);
		vmx_allowed(&cpus[0], &a);
		vmx_allowed(&cpus[1], &b);
		before = a;
		why = vmx_allowed_by_both(&a, &b);
		assert_int_equal(why != NULL, clash(cpus));
		if (why) {
			clashes++;
			assert_memory_equal(&a, &before, sizeof(a));
			continue;
		}
		why = vmx_controls(&a, &c);
		taken += !why;
		compare(cpus, 2, &c, why);
	}
	assert_true(taken > CPUS / 100 && clashes > CPUS / 100);
}

static void good(struct cpu_raw *raw)
{
	roll_cpu(raw);
	raw->leaf1.eax = 0x50654;
	*cpu_rec_msr(raw, 0x480) = UINT64_C(1) << 55 | 17;
	for (uint32_t msr = 0x48b; msr <= 0x490; msr++)
		*cpu_rec_msr(raw, msr) = UINT64_C(0xffffffff) << 32;
}

/* Each way of not being alike, and what is said of it. */
static void what_is_lost_has_a_name(void **state)
{
	struct cpu_raw raw;
	struct vmx_allowed all, own;
	struct vmx_controls before, after;
	char lost[128] = "";

	(void)state;
	good(&raw);
	vmx_allowed(&raw, &all);
	own = all;
	assert_null(vmx_controls(&all, &before));
	assert_null(vmx_allowed_by_both(&all, &own));
	assert_memory_equal(&all, &own, sizeof(all));
	own.words[WORD_PIN].may &= ~(1u << 5);
	own.words[WORD_PROC2].may &= ~(1u << 6);
	assert_null(vmx_allowed_by_both(&all, &own));
	assert_null(vmx_controls(&all, &after));
	vmx_controls_lost(&before, &after, lost, sizeof(lost));
	assert_string_equal(lost, "virtual NMIs, WBINVD exiting");

	own.revision++;
	assert_non_null(strstr(vmx_allowed_by_both(&all, &own), "revision"));
	own.revision--;
	own.fixed.cr4_fixed0 = 1 << 13;
	assert_null(vmx_allowed_by_both(&all, &own));
	assert_int_equal(all.fixed.cr4_fixed0, 1 << 13);
	own.fixed.cr4_fixed0 = 0;
	own.fixed.cr4_fixed1 = ~(UINT64_C(1) << 13);
	assert_non_null(strstr(vmx_allowed_by_both(&all, &own), "CR4"));
	own.fixed.cr4_fixed1 = UINT32_MAX;
	own.fixed.cr0_fixed0 = 1;
	own.fixed.cr0_fixed1 = ~UINT64_C(1);
	assert_non_null(strstr(vmx_allowed_by_both(&all, &own), "CR0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cpu),
		cmocka_unit_test(two_cpus_that_differ),
		cmocka_unit_test(what_is_lost_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
