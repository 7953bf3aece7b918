/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU's feature registers (CPUID, MSRs) as raw numbers. They are read once
 * (cpu_raw.c). All decisions are pure functions of this record, so that tests can feed
 * them machines that nobody has on the shelf.
 */
#ifndef KERNEL_HOST_CPU_RAW_H
#define KERNEL_HOST_CPU_RAW_H

#include "kernel/lib/x86.h"

struct cpu_raw_msr {
	uint32_t index;
	bool present; /* reading it did not fault */
	uint64_t value;
};

enum { CPU_RAW_MSRS = 24 };

struct cpu_raw {
	struct cpuid_regs leaf0, leaf1, leaf7;
	/* 0x40000000 to 2, if leaf 1 shows a hypervisor and the leaves exist. */
	struct cpuid_regs hypervisor, hypervisor1, hypervisor2;
	struct cpuid_regs ext0, ext1, ext8, ext_svm; /* 0x80000000, 1, 8, 0xa */
	char brand[49];
	bool has_microcode; /* the revision could be read */
	uint32_t microcode;
	unsigned nmsrs;
	struct cpu_raw_msr msrs[CPU_RAW_MSRS];
};

/* CPUID.1:ECX */
#define CPUID_1_ECX_MONITOR    (1u << 3)
#define CPUID_1_ECX_VMX	       (1u << 5)
#define CPUID_1_ECX_X2APIC     (1u << 21)
#define CPUID_1_ECX_TSC_DL     (1u << 24)
#define CPUID_1_ECX_XSAVE      (1u << 26)
#define CPUID_1_ECX_OSXSAVE    (1u << 27)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)
/* CPUID.1:EDX */
#define CPUID_1_EDX_MSR (1u << 5)
#define CPUID_1_EDX_MCE (1u << 7)
#define CPUID_1_EDX_APIC (1u << 9)
#define CPUID_1_EDX_PGE (1u << 13)
#define CPUID_1_EDX_MCA (1u << 14)
#define CPUID_1_EDX_PAT (1u << 16)
#define CPUID_1_EDX_FXSR (1u << 24)
#define CPUID_1_EDX_SSE (1u << 25)
/* CPUID.7.0:EDX */
#define CPUID_7_EDX_ARCH_CAP (1u << 29)
/* CPUID.8000_0001:ECX, EDX */
#define CPUID_EXT1_ECX_SVM     (1u << 2)
#define CPUID_EXT1_EDX_NX      (1u << 20)
#define CPUID_EXT1_EDX_PAGE1GB (1u << 26)
#define CPUID_EXT1_EDX_RDTSCP  (1u << 27)
#define CPUID_EXT1_EDX_LM      (1u << 29)

/* Fills *raw from the CPU this runs on. Never faults. */
void cpu_raw_read(struct cpu_raw *raw);

/* An MSR's value; 0 if it could not be read. */
static inline uint64_t cpu_raw_msr(const struct cpu_raw *raw, uint32_t index)
{
	for (unsigned i = 0; i < raw->nmsrs; i++)
		if (raw->msrs[i].index == index && raw->msrs[i].present)
			return raw->msrs[i].value;
	return 0;
}

/* Could the MSR be read? */
static inline bool cpu_raw_has_msr(const struct cpu_raw *raw, uint32_t index)
{
	for (unsigned i = 0; i < raw->nmsrs; i++)
		if (raw->msrs[i].index == index)
			return raw->msrs[i].present;
	return false;
}

/* SDM vol. 2A, CPUID, "Version Information". AMD CPUs below family 0fh have no extended
 * model bits. */
static inline unsigned cpu_raw_family(const struct cpu_raw *raw)
{
	unsigned base = raw->leaf1.eax >> 8 & 0xf;

	return base == 0xf ? base + (raw->leaf1.eax >> 20 & 0xff) : base;
}

static inline unsigned cpu_raw_model(const struct cpu_raw *raw)
{
	unsigned base = raw->leaf1.eax >> 8 & 0xf, model = raw->leaf1.eax >> 4 & 0xf;

	return base == 0xf || base == 6 ? model | (raw->leaf1.eax >> 16 & 0xf) << 4 : model;
}

static inline unsigned cpu_raw_stepping(const struct cpu_raw *raw)
{
	return raw->leaf1.eax & 0xf;
}

/* Physical address width in bits: CPUID.8000_0008:EAX[7:0], or 36 if that leaf is missing. */
static inline unsigned cpu_raw_maxphyaddr(const struct cpu_raw *raw)
{
	return raw->ext0.eax >= 0x80000008u ? (raw->ext8.eax & 0xff) : 36;
}

#endif
