/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Controls. For each word an MSR says which bits must be 1 (its low half) and
 * which may be 1 (its high half), and each word is computed in the same way:
 *
 *	(wanted | must be 1) & may be 1,	wanted = required + optional
 *
 * Bits that must be 1 for no better reason than history ("default1") are let
 * go by a second, TRUE set of MSRs, where IA32_VMX_BASIC says that it exists.
 * SDM vol. 3D, A.2 to A.5.
 */
#include "vmx/controls.h"

#include <stddef.h>

/* A control that we want. missing: we cannot do without, and say so in these words. */
struct want {
	uint32_t mask;
	const char *missing;
};

#define TEXT_(x) #x
#define TEXT(x)	 TEXT_(x)
#define REQUIRED(word, bit, name)                                                     \
	{ UINT32_C(1) << (bit), "VT-x lacks \"" name "\": bit " TEXT(bit) " of the " \
				word " controls cannot be set" }
#define OPTIONAL(bit) { UINT32_C(1) << (bit), NULL }
#define END	      { 0, NULL }

/* Whatever happens on this CPU is the host's. */
static const struct want pin[] = {
	REQUIRED("pin-based", PIN_INTERRUPT_EXITING, "external-interrupt exiting"),
	REQUIRED("pin-based", PIN_NMI_EXITING, "NMI exiting"),
	/* So that a guest in its NMI handler does not hold up the host's NMIs. */
	OPTIONAL(PIN_VIRTUAL_NMIS),
	OPTIONAL(PIN_PREEMPTION_TIMER),
	END,
};

/* Passing on purpose: RDTSC (guests time themselves), INVLPG, CR3, PAUSE. */
static const struct want proc[] = {
	REQUIRED("primary processor-based", PROC_SECONDARY, "activate secondary controls"),
	REQUIRED("primary processor-based", PROC_INTERRUPT_WINDOW, "interrupt-window exiting"),
	REQUIRED("primary processor-based", PROC_HLT_EXITING, "HLT exiting"),
	REQUIRED("primary processor-based", PROC_MWAIT_EXITING, "MWAIT exiting"),
	REQUIRED("primary processor-based", PROC_RDPMC_EXITING, "RDPMC exiting"),
	REQUIRED("primary processor-based", PROC_CR8_LOAD_EXITING, "CR8-load exiting"),
	REQUIRED("primary processor-based", PROC_CR8_STORE_EXITING, "CR8-store exiting"),
	REQUIRED("primary processor-based", PROC_MOV_DR_EXITING, "MOV-DR exiting"),
	REQUIRED("primary processor-based", PROC_UNCONDITIONAL_IO, "unconditional I/O exiting"),
	REQUIRED("primary processor-based", PROC_MSR_BITMAPS, "use MSR bitmaps"),
	REQUIRED("primary processor-based", PROC_MONITOR_EXITING, "MONITOR exiting"),
	END,
};

/* Not wanted, so that they are #UD in the guest: RDTSCP, INVPCID, XSAVES, TPAUSE. */
static const struct want proc2[] = {
	REQUIRED("secondary processor-based", PROC2_EPT, "enable EPT"),
	REQUIRED("secondary processor-based", PROC2_WBINVD_EXITING, "WBINVD exiting"),
	OPTIONAL(PROC2_UNRESTRICTED),
	OPTIONAL(PROC2_ENCLS_EXITING),
	OPTIONAL(PROC2_ENCLV_EXITING),
	END,
};

/* An interrupt is not acknowledged: it stays pending, and the host takes it as any other. */
static const struct want exit_[] = {
	REQUIRED("VM-exit", EXITC_HOST_64, "host address-space size"),
	REQUIRED("VM-exit", EXITC_LOAD_PAT, "load IA32_PAT"),
	REQUIRED("VM-exit", EXITC_LOAD_EFER, "load IA32_EFER"),
	OPTIONAL(EXITC_SAVE_TIMER),
	END,
};

static const struct want entry[] = {
	REQUIRED("VM-entry", ENTRYC_LOAD_DEBUG, "load debug controls"),
	REQUIRED("VM-entry", ENTRYC_IA32E_GUEST, "IA-32e mode guest"),
	REQUIRED("VM-entry", ENTRYC_LOAD_PAT, "load IA32_PAT"),
	REQUIRED("VM-entry", ENTRYC_LOAD_EFER, "load IA32_EFER"),
	END,
};

static const char *compute(const struct cpu_raw *raw, uint32_t msr, const struct want *wants,
			   uint32_t *word)
{
	uint64_t allowed = cpu_raw_msr(raw, msr);
	uint32_t must = (uint32_t)allowed, may = (uint32_t)(allowed >> 32);
	const char *missing = NULL;
	uint32_t wanted = 0;

	for (; wants->mask; wants++) {
		wanted |= wants->mask;
		if (wants->missing && !(may & wants->mask) && !missing)
			missing = wants->missing;
	}
	*word = (wanted | must) & may;
	return missing;
}

const char *vmx_controls(const struct cpu_raw *raw, struct vmx_controls *c)
{
	bool fine = cpu_raw_msr(raw, MSR_VMX_BASIC) & VMX_BASIC_TRUE;
	const struct {
		uint32_t msr, true_msr;
		const struct want *wants;
		uint32_t *word;
	} words[] = {
		{ MSR_VMX_PINBASED_CTLS, MSR_VMX_TRUE_PINBASED_CTLS, pin, &c->pin },
		{ MSR_VMX_PROCBASED_CTLS, MSR_VMX_TRUE_PROCBASED_CTLS, proc, &c->proc },
		{ MSR_VMX_PROCBASED_CTLS2, MSR_VMX_PROCBASED_CTLS2, proc2, &c->proc2 },
		{ MSR_VMX_EXIT_CTLS, MSR_VMX_TRUE_EXIT_CTLS, exit_, &c->exit },
		{ MSR_VMX_ENTRY_CTLS, MSR_VMX_TRUE_ENTRY_CTLS, entry, &c->entry },
	};
	const char *missing = NULL;

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]) && !missing; i++)
		missing = compute(raw, fine ? words[i].true_msr : words[i].msr, words[i].wants,
				  words[i].word);
	if (missing)
		return missing;

	/* A slice counts over many exits only where the timer's rest is saved. */
	if (!vmx_control(c->pin, PIN_PREEMPTION_TIMER) || !vmx_control(c->exit, EXITC_SAVE_TIMER)) {
		c->pin &= ~(UINT32_C(1) << PIN_PREEMPTION_TIMER);
		c->exit &= ~(UINT32_C(1) << EXITC_SAVE_TIMER);
	}
	return NULL;
}

void vmx_fixed(const struct cpu_raw *raw, struct vmx_fixed *fixed)
{
	fixed->cr0_fixed0 = cpu_raw_msr(raw, MSR_VMX_CR0_FIXED0);
	fixed->cr0_fixed1 = cpu_raw_msr(raw, MSR_VMX_CR0_FIXED1);
	fixed->cr4_fixed0 = cpu_raw_msr(raw, MSR_VMX_CR4_FIXED0);
	fixed->cr4_fixed1 = cpu_raw_msr(raw, MSR_VMX_CR4_FIXED1);
}
