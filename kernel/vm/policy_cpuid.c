/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/policy.h"

#include "kernel/host/cpu_raw.h"
#include "kernel/lib/fault.h"

/*
 * The CPUID leaves that guests see, and the bits of them; everything else reads as zero. Only
 * features that work in a guest without help are shown: SDM vol. 2A, CPUID; APM vol. 3,
 * appendix E.
 */
struct cpuid_rule {
	uint32_t leaf;
	uint32_t eax, ebx, ecx, edx; /* bits that are passed through */
};

#define ALL 0xffffffffu
/* SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, RDRAND */
#define LEAF1_ECX 0x42d82203u
/* FPU, PSE, TSC, MSR, PAE, CX8, PGE, CMOV, PSE36, CLFLUSH, MMX, FXSR, SSE, SSE2 */
#define LEAF1_EDX 0x078aa179u
/* LAHF, LOCK MOV CR0, ABM, SSE4A, misaligned SSE, PREFETCH */
#define EXT1_ECX 0x000001f1u
/* AMD's copies of leaf 1 bits, and NX, 1 GiB pages, long mode */
#define EXT1_EDX (0x0182a179u | CPUID_EXT1_EDX_NX | CPUID_EXT1_EDX_PAGE1GB | CPUID_EXT1_EDX_LM)
#define CLFLUSH_SIZE 0x0000ff00u
#define ADDRESS_BITS 0x0000ffffu

static const struct cpuid_rule cpuid_rules[] = {
	{ 0x00000000, 0, ALL, ALL, ALL },
	{ 0x00000001, ALL, CLFLUSH_SIZE, LEAF1_ECX, LEAF1_EDX },
	{ 0x80000000, 0, ALL, ALL, ALL },
	{ 0x80000001, ALL, 0, EXT1_ECX, EXT1_EDX },
	{ 0x80000002, ALL, ALL, ALL, ALL },
	{ 0x80000003, ALL, ALL, ALL, ALL },
	{ 0x80000004, ALL, ALL, ALL, ALL },
	{ 0x80000008, ADDRESS_BITS, 0, 0, 0 },
};

enum { CPUID_MAX_BASIC = 1 };
#define CPUID_MAX_EXTENDED 0x80000008u

struct cpuid_regs policy_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r = { 0 };

	for (unsigned i = 0; i < sizeof(cpuid_rules) / sizeof(cpuid_rules[0]); i++) {
		const struct cpuid_rule *rule = &cpuid_rules[i];

		if (rule->leaf != leaf)
			continue;
		r = cpuid(leaf, subleaf);
		r.eax &= rule->eax;
		r.ebx &= rule->ebx;
		if (!FAULT(CPUID_SHOWN))
			r.ecx &= rule->ecx;
		r.edx &= rule->edx;
	}
	if (leaf == 0)
		r.eax = CPUID_MAX_BASIC;
	else if (leaf == 1)
		r.ecx |= CPUID_1_ECX_HYPERVISOR;
	else if (leaf == 0x80000000u)
		r.eax = CPUID_MAX_EXTENDED;
	return r;
}
