/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of CPUs and hypervisors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/host/cpu_words.h"

static struct cpu_raw raw;
static char words[256];

static void cpu(const char *vendor, uint32_t leaf1, const char *brand)
{
	memset(&raw, 0, sizeof(raw));
	memcpy(&raw.leaf0.ebx, vendor, 4);
	memcpy(&raw.leaf0.edx, vendor + 4, 4);
	memcpy(&raw.leaf0.ecx, vendor + 8, 4);
	raw.leaf1.eax = leaf1;
	memcpy(raw.brand, brand, strlen(brand));
	cpu_words_name(&raw, words, sizeof(words));
}

static void names(void **state)
{
	(void)state;
	cpu("GenuineIntel", 0x000906ea, "  Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz");
	assert_string_equal(words, "GenuineIntel family 6 model 158 stepping 10, "
				   "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz");
	cpu("AuthenticAMD", 0x00a00f11, "AMD EPYC 7763 64-Core Processor                ");
	assert_string_equal(words, "AuthenticAMD family 25 model 1 stepping 1, "
				   "AMD EPYC 7763 64-Core Processor");
	cpu("GenuineIntel", 0x00000f29, "");
	assert_string_equal(words, "GenuineIntel family 15 model 2 stepping 9, unknown");
	cpu("GenuineIntel", 0x0ff00543, "x"); /* extensions of family 5 count for nothing */
	assert_string_equal(words, "GenuineIntel family 5 model 4 stepping 3, x");
	cpu("\0\0\0\0\0\0\0\0\0\0\0", 0, "        ");
	assert_string_equal(words, "unknown family 0 model 0 stepping 0, unknown");
}

static void below(const char *signature, uint32_t ecx)
{
	memset(&raw, 0, sizeof(raw));
	raw.leaf1.ecx = ecx;
	memcpy(&raw.hypervisor.ebx, signature, 12);
	raw.hypervisor1.eax = 4u << 16 | 17;
	raw.hypervisor2 = (struct cpuid_regs){ .eax = 20348, .ebx = 10u << 16 };
	cpu_words_below(&raw, words, sizeof(words));
}

static void hypervisors(void **state)
{
	(void)state;
	below("KVMKVMKVM\0\0\0", 0);
	assert_string_equal(words, "none");
	below("KVMKVMKVM\0\0\0", CPUID_1_ECX_HYPERVISOR);
	assert_string_equal(words, "KVMKVMKVM");
	below("bhyve bhyve ", CPUID_1_ECX_HYPERVISOR);
	assert_string_equal(words, "bhyve bhyve");
	below("Microsoft Hv", CPUID_1_ECX_HYPERVISOR);
	assert_string_equal(words, "Microsoft Hv 10.0.20348");
	below("XenVMMXenVMM", CPUID_1_ECX_HYPERVISOR);
	assert_string_equal(words, "XenVMMXenVMM 4.17");
	below("\0\0\0\0\0\0\0\0\0\0\0", CPUID_1_ECX_HYPERVISOR);
	assert_string_equal(words, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(hypervisors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
