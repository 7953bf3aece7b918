/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each family, model and stepping, against a second list, of CPUID.1:EAX signatures, as in the
 * specification updates.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/host/errata.h"
#include "test/unit/cpu_rec.h"

static const char *const vendors[] = { "GenuineIntel", "AuthenticAMD", "HygonGenuine",
				       "CentaurHauls", "  Shanghai  " };

/* "VMX-Preemption Timer Does Not Count Down at the Rate Specified" */
static const uint32_t timers[] = { 0x106a0, 0x106a1, 0x106a4, 0x106a5, 0x106e5,
				   0x20652, 0x20655, 0x206e6, 0x306a8 };

/* The list of INTEL-SA-00210 has no Atom and no Xeon Phi: models, without steppings. */
static const uint32_t no_multihit[] = {
	0x106c0, 0x20660, 0x20670, 0x30650, 0x30660,	      /* Bonnell and Saltwell */
	0x30670, 0x406a0, 0x406d0, 0x406c0, 0x506a0, 0x70650, /* Silvermont, Airmont */
	0x506c0, 0x506f0, 0x706a0, 0x80660, 0x50670, 0x80650,
};

static bool has(const uint32_t *list, size_t n, uint32_t value)
{
	while (n--)
		if (list[n] == value)
			return true;
	return false;
}
#define HAS(list, value) has(list, sizeof(list) / sizeof((list)[0]), value)

static uint32_t expected(const char *vendor, uint32_t eax)
{
	bool intel = !strcmp(vendor, "GenuineIntel"), amd = !strcmp(vendor, "AuthenticAMD");
	uint32_t type = eax & ~(3u << 12), found = 0; /* bits 13:12: OEM, OverDrive, ... */

	if (intel && HAS(timers, type))
		found |= ERRATUM_PREEMPTION_TIMER;
	if (intel && (type & ~0xfu) == 0x406d0)
		found |= ERRATUM_EPT_AD;
	if (amd && (type & 0x0ff00f00) == 0x00100f00)
		found |= ERRATUM_LARGE_LEAVES;
	if (!amd && strcmp(vendor, "HygonGenuine") && !(intel && HAS(no_multihit, type & ~0xfu)))
		found |= ERRATUM_ITLB_MULTIHIT;
	return found;
}

static void set(struct cpu_raw *raw, const char *vendor, uint32_t eax)
{
	memset(raw, 0, sizeof(*raw));
	memcpy(&raw->leaf0.ebx, vendor, 4);
	memcpy(&raw->leaf0.edx, vendor + 4, 4);
	memcpy(&raw->leaf0.ecx, vendor + 8, 4);
	raw->leaf1.eax = eax;
}

static void every_signature(void **state)
{
	struct cpu_raw raw;

	(void)state;
	for (unsigned v = 0; v < sizeof(vendors) / sizeof(vendors[0]); v++)
		for (uint32_t family = 0; family < 0x20; family++)
			for (uint32_t model = 0; model < 0x100; model++)
				for (uint32_t stepping = 0; stepping < 16; stepping++) {
					uint32_t base = family < 0xf ? family : 0xf;
					uint32_t more = family - base;
					uint32_t eax = more << 20 | (model >> 4) << 16 | base << 8 |
						       (model & 0xf) << 4 | stepping;

					if (base != 6 && base != 0xf && model > 0xf)
						continue; /* there are no such bits */
					set(&raw, vendors[v], eax);
					if (errata(&raw) != expected(vendors[v], eax))
						fail_msg("%s %x: %x, and should be %x", vendors[v],
							 eax, errata(&raw),
							 expected(vendors[v], eax));
				}
}

/* SDM vol. 4, MSR 0x10a: bit 6, and no other. */
static void a_cpu_that_says_so_is_free_of_it(void **state)
{
	struct cpu_raw raw;

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		set(&raw, "GenuineIntel", 0x50654);
		*cpu_rec_msr(&raw, 0x10a) = UINT64_C(1) << bit;
		assert_int_equal(errata(&raw), bit == 6 ? 0 : ERRATUM_ITLB_MULTIHIT);
	}
}

static void each_has_words(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < ERRATA; bit++)
		assert_true(strlen(errata_words(1u << bit)) > 30);
	assert_string_equal(errata_words(1u << ERRATA), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signature),
		cmocka_unit_test(a_cpu_that_says_so_is_free_of_it),
		cmocka_unit_test(each_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
