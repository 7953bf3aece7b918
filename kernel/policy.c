/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/policy.h"

#include "guest/abi.h"
#include "kernel/cpu_raw.h"

/*
 * CPUID: the leaves that are shown, and the bits of them that are; all else
 * reads as zero. What stays works in a guest without help: SDM vol. 2A, CPUID;
 * APM vol. 3, appendix E.
 */
struct cpuid_rule {
	uint32_t leaf;
	uint32_t eax, ebx, ecx, edx; /* bits that stay */
};

#define ALL 0xffffffffu
/* SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, RDRAND */
#define LEAF1_ECX 0x42d82203u
/* FPU, DE, PSE, TSC, MSR, PAE, CX8, PGE, CMOV, PSE36, CLFLUSH, MMX, FXSR, SSE, SSE2 */
#define LEAF1_EDX 0x078aa17du
/* LAHF, LOCK MOV CR0, ABM, SSE4A, misaligned SSE, PREFETCH */
#define EXT1_ECX 0x000001f1u
/* What AMD repeats of leaf 1, and NX, 1 GiB pages, long mode */
#define EXT1_EDX (0x0182a17du | CPUID_EXT1_EDX_NX | CPUID_EXT1_EDX_PAGE1GB | CPUID_EXT1_EDX_LM)
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

	if (leaf == CPUID_NESTBOX)
		return (struct cpuid_regs){ CPUID_NESTBOX, CPUID_NESTBOX_EBX, CPUID_NESTBOX_ECX,
					    CPUID_NESTBOX_EDX };
	for (unsigned i = 0; i < sizeof(cpuid_rules) / sizeof(cpuid_rules[0]); i++) {
		const struct cpuid_rule *rule = &cpuid_rules[i];

		if (rule->leaf != leaf)
			continue;
		r = cpuid(leaf, subleaf);
		r.eax &= rule->eax;
		r.ebx &= rule->ebx;
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

/* MSRs beside those that hardware switches for the guest (vmx/, svm/): EFER,
 * of which NXE is the guest's to change. */
bool policy_msr_read(const struct vcpu_state *s, uint32_t msr, uint64_t *value)
{
	if (msr != MSR_EFER)
		return false;
	*value = s->efer;
	return true;
}

bool policy_msr_write(struct vcpu_state *s, uint32_t msr, uint64_t value)
{
	if (msr != MSR_EFER || ((value ^ s->efer) & ~EFER_NXE))
		return false;
	s->efer = value;
	return true;
}

/* CR0: caches stay on, protection and paging as they were at entry. CR4: what
 * needs no state that nobody switches. */
#define CR0_FREE (CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM)
#define CR4_FREE (CR4_DE | CR4_PSE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT)

bool policy_cr_write(struct vcpu_state *s, unsigned number, uint64_t value)
{
	switch (number) {
	case 0:
		value |= CR0_ET;
		if ((value ^ s->cr0) & ~CR0_FREE)
			return false;
		s->cr0 = value;
		return true;
	case 3:
		s->cr3 = value;
		return true;
	case 4:
		if ((value ^ s->cr4) & ~CR4_FREE)
			return false;
		s->cr4 = value;
		return true;
	case 8: /* there is no APIC, so no priority but 0 */
		return value == 0;
	}
	return false;
}

uint64_t policy_cr_read(const struct vcpu_state *s, unsigned number)
{
	switch (number) {
	case 0:
		return s->cr0;
	case 3:
		return s->cr3;
	case 4:
		return s->cr4;
	}
	return 0;
}
