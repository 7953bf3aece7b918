/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/cpu_raw.h"

#include "kernel/host/msr.h"
#include "kernel/lib/string.h"

/* SDM vol. 4; APM vol. 2, appendix A. vmx/ and svm/ have names of their own for these. */
enum {
	MSR_FEATURE_CONTROL = 0x3a,
	MSR_MICROCODE = 0x8b, /* IA32_BIOS_SIGN_ID, PATCH_LEVEL */
	MSR_ARCH_CAPABILITIES = 0x10a,
	MSR_VMX_FIRST = 0x480,
	MSR_VMX_LAST = 0x491,
	MSR_VM_CR = 0xc0010114,
};

enum { VENDOR_EBX_INTEL = 0x756e6547 }; /* "Genu" */

static void add_msr(struct cpu_raw *raw, uint32_t index)
{
	struct cpu_raw_msr *m = &raw->msrs[raw->nmsrs++];

	m->index = index;
	m->present = msr_read_safe(index, &m->value);
}

static void read_brand(struct cpu_raw *raw)
{
	if (raw->ext0.eax < 0x80000004u)
		return;
	for (uint32_t i = 0; i < 3; i++) {
		struct cpuid_regs r = cpuid(0x80000002u + i, 0);

		memcpy(raw->brand + 16 * i, &r, 16);
	}
}

static void read_hypervisor(struct cpu_raw *raw)
{
	raw->hypervisor = cpuid(0x40000000u, 0);
	if (raw->hypervisor.eax >= 0x40000001u)
		raw->hypervisor1 = cpuid(0x40000001u, 0);
	if (raw->hypervisor.eax >= 0x40000002u)
		raw->hypervisor2 = cpuid(0x40000002u, 0);
}

/* Intel CPUs load the revision into the MSR when CPUID is executed: SDM vol. 3A, 10.11.7.1. A
 * hypervisor below may lack the MSR. */
static void read_microcode(struct cpu_raw *raw)
{
	bool is_intel = raw->leaf0.ebx == VENDOR_EBX_INTEL;
	uint64_t value;

	if (!(raw->leaf1.edx & CPUID_1_EDX_MSR))
		return;
	if (is_intel) {
		msr_write_safe(MSR_MICROCODE, 0);
		cpuid(1, 0);
	}
	raw->has_microcode = msr_read_safe(MSR_MICROCODE, &value);
	raw->microcode = (uint32_t)(is_intel ? value >> 32 : value);
}

void cpu_raw_read(struct cpu_raw *raw)
{
	memset(raw, 0, sizeof(*raw));
	raw->leaf0 = cpuid(0, 0);
	raw->leaf1 = cpuid(1, 0);
	if (raw->leaf0.eax >= 7)
		raw->leaf7 = cpuid(7, 0);
	if (raw->leaf1.ecx & CPUID_1_ECX_HYPERVISOR)
		read_hypervisor(raw);
	raw->ext0 = cpuid(0x80000000u, 0);
	if (raw->ext0.eax >= 0x80000001u)
		raw->ext1 = cpuid(0x80000001u, 0);
	if (raw->ext0.eax >= 0x80000008u)
		raw->ext8 = cpuid(0x80000008u, 0);
	if (raw->ext0.eax >= 0x8000000au)
		raw->ext_svm = cpuid(0x8000000au, 0);
	read_brand(raw);
	read_microcode(raw);

	add_msr(raw, MSR_APIC_BASE);
	add_msr(raw, MSR_PAT);
	add_msr(raw, MSR_EFER);
	/* Only if CPUID has the feature: some emulators let the MSR be read without it. */
	if (raw->leaf7.edx & CPUID_7_EDX_ARCH_CAP)
		add_msr(raw, MSR_ARCH_CAPABILITIES);
	if (raw->leaf1.ecx & CPUID_1_ECX_VMX) {
		add_msr(raw, MSR_FEATURE_CONTROL);
		for (uint32_t i = MSR_VMX_FIRST; i <= MSR_VMX_LAST; i++)
			add_msr(raw, i);
	}
	if (raw->ext1.ecx & CPUID_EXT1_ECX_SVM)
		add_msr(raw, MSR_VM_CR);
}
