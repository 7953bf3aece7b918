/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/errata.h"

#include "kernel/lib/fault.h"

#include <stddef.h>

/* SDM vol. 4, table 2-2, IA32_ARCH_CAPABILITIES: PSCHANGE_MC_NO. */
enum { MSR_ARCH_CAPABILITIES = 0x10a };
#define PSCHANGE_MC_NO (UINT64_C(1) << 6)

/* CPUID.0:EBX, the vendor's first four letters. */
enum vendor { INTEL = 0x756e6547, AMD = 0x68747541, HYGON = 0x6f677948 };

enum { ANY_MODEL = 0x100, ANY_STEPPING = 0xffff };
#define STEPPING(n) (1u << (n))

struct row {
	uint32_t erratum;
	enum vendor vendor;
	uint8_t family;
	uint16_t model;
	uint16_t steppings; /* a set */
};

static const struct row rows[] = {
	/* Atom C2000 (Avoton, Rangeley) specification update, 330061: AVR41. */
	{ ERRATUM_EPT_AD, INTEL, 6, 0x4d, ANY_STEPPING },
	/* Revision Guide for AMD Family 10h Processors, 41322: erratum 383. */
	{ ERRATUM_LARGE_LEAVES, AMD, 0x10, ANY_MODEL, ANY_STEPPING },
	/* "VMX-Preemption Timer Does Not Count Down at the Rate Specified", in the updates of */
	/* Xeon 3500, 321333: AAM126; Xeon 5500, 321324: AAK139; Core i7-900, 320836: AAJ124 */
	{ ERRATUM_PREEMPTION_TIMER, INTEL, 6, 0x1a,
	  STEPPING(0) | STEPPING(1) | STEPPING(4) | STEPPING(5) },
	/* Xeon 3400, 322373: AAO95; Core i7-800, 322166: AAN92; i7-900 mobile, 320767: AAP86 */
	{ ERRATUM_PREEMPTION_TIMER, INTEL, 6, 0x1e, STEPPING(5) },
	/* Xeon L3406, 323056: AAX65; Core mobile, 322814: AAT59; i5-600, 322911: AAU65 */
	{ ERRATUM_PREEMPTION_TIMER, INTEL, 6, 0x25, STEPPING(2) | STEPPING(5) },
	/* Xeon 7500, 323344: BA86 */
	{ ERRATUM_PREEMPTION_TIMER, INTEL, 6, 0x2e, STEPPING(6) },
	/* Xeon E3-1220 v2: no update names it, but Linux does (vmx_preemption_cpu_tfms) */
	{ ERRATUM_PREEMPTION_TIMER, INTEL, 6, 0x3a, STEPPING(8) },
};

/*
 * Family 6 models without "Machine Check Error on Page Size Change" (CVE-2018-12207,
 * INTEL-SA-00210) that do not report PSCHANGE_MC_NO: Atom and Xeon Phi, according to Intel's
 * list of affected CPUs, and as in Linux (NO_ITLB_MULTIHIT).
 */
static const uint8_t no_multihit[] = {
	0x1c, 0x26,	  /* Bonnell */
	0x27, 0x35, 0x36, /* Saltwell */
	0x37, 0x4a, 0x4d, /* Silvermont */
	0x4c, 0x5a, 0x75, /* Airmont */
	0x57, 0x85,	  /* Knights Landing, Knights Mill */
	0x5c, 0x5f, 0x7a, /* Goldmont */
	0x86,		  /* Tremont, server version */
};

/* An unknown CPU is assumed to have it, unless it reports PSCHANGE_MC_NO. */
static bool has_multihit(const struct cpu_raw *raw)
{
	uint32_t vendor = raw->leaf0.ebx;

	if (cpu_raw_msr(raw, MSR_ARCH_CAPABILITIES) & PSCHANGE_MC_NO)
		return false;
	if (vendor == AMD || vendor == HYGON)
		return false;
	if (vendor != INTEL || cpu_raw_family(raw) != 6)
		return true;
	for (size_t i = 0; i < sizeof(no_multihit); i++)
		if (no_multihit[i] == cpu_raw_model(raw))
			return false;
	return true;
}

static bool is_in(const struct row *row, const struct cpu_raw *raw)
{
	return row->vendor == raw->leaf0.ebx && row->family == cpu_raw_family(raw) &&
	       (row->model == ANY_MODEL || row->model == cpu_raw_model(raw)) &&
	       (FAULT(STEPPING_IGNORED) || row->steppings >> cpu_raw_stepping(raw) & 1);
}

uint32_t errata(const struct cpu_raw *raw)
{
	uint32_t found = has_multihit(raw) ? ERRATUM_ITLB_MULTIHIT : 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_in(&rows[i], raw))
			found |= rows[i].erratum;
	return found;
}

const char *errata_words(uint32_t erratum)
{
	switch (erratum) {
	case ERRATUM_EPT_AD:
		return "A/D is not used: this CPU's is defective (Atom C2000, erratum AVR41)";
	case ERRATUM_LARGE_LEAVES:
		return "large leaves are not used: this CPU may stop when one is split or merged "
		       "(AMD family 10h, erratum 383)";
	case ERRATUM_PREEMPTION_TIMER:
		return "the preemption timer is not used: this CPU's does not count at its rate "
		       "(Intel, errata AAJ124, AAK139 and others)";
	case ERRATUM_ITLB_MULTIHIT:
		return "large leaves are not executable: this CPU may stop when it executes a page of "
		       "two sizes (iTLB multihit, CVE-2018-12207), or does not deny it";
	}
	return "";
}
