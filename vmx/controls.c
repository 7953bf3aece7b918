/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Controls. For each word an MSR has the bits that must be 1 (low half) and those that may be 1
 * (high half). Each word is computed the same way:
 *
 *	(wanted | must be 1) & may be 1,	wanted = required + optional
 *
 * Some bits must be 1 only for compatibility ("default1"). A second, TRUE set of MSRs lifts that;
 * IA32_VMX_BASIC reports whether it exists. SDM vol. 3D, A.2 to A.5.
 *
 * CPUs of one machine can differ, and a vCPU moves between them with its VMCS. So a control that
 * must be 1 on one CPU is 1 on all, and one that may not be 1 on one CPU is 0 on all.
 */
#include "vmx/controls.h"

#include "kernel/host/errata.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"

/*
 * A control that we want. name: set if its loss has to be reported. missing: set if it is
 * required; the message if it is missing.
 */
struct want {
	uint32_t mask;
	const char *name, *missing;
};

#define TEXT_(x) #x
#define TEXT(x)	 TEXT_(x)
#define REQUIRED(word, bit, name)                                                           \
	{ UINT32_C(1) << (bit), name, "VT-x lacks \"" name "\": bit " TEXT(bit) " of the " \
				      word " controls cannot be set" }
#define OPTIONAL(bit, name) { UINT32_C(1) << (bit), name, NULL }
#define END	      { 0, NULL, NULL }

/* All physical events are the host's. */
static const struct want pin[] = {
	REQUIRED("pin-based", PIN_INTERRUPT_EXITING, "external-interrupt exiting"),
	REQUIRED("pin-based", PIN_NMI_EXITING, "NMI exiting"),
	/* So that a guest in its NMI handler does not block the host's NMIs. */
	OPTIONAL(PIN_VIRTUAL_NMIS, "virtual NMIs"),
	OPTIONAL(PIN_PREEMPTION_TIMER, NULL), /* reported by struct vmm_probe */
	END,
};

/*
 * Deliberately not intercepted: RDTSC (guests time themselves), INVLPG, CR3, PAUSE. Optional
 * controls deny where possible, and are harmless otherwise: RDPMC reads counters that the host
 * does not use, and a guest in MWAIT exits at the host's next interrupt.
 */
static const struct want proc[] = {
	REQUIRED("primary processor-based", PROC_SECONDARY, "activate secondary controls"),
	REQUIRED("primary processor-based", PROC_INTERRUPT_WINDOW, "interrupt-window exiting"),
	REQUIRED("primary processor-based", PROC_HLT_EXITING, "HLT exiting"),
	REQUIRED("primary processor-based", PROC_CR8_LOAD_EXITING, "CR8-load exiting"),
	REQUIRED("primary processor-based", PROC_CR8_STORE_EXITING, "CR8-store exiting"),
	REQUIRED("primary processor-based", PROC_MOV_DR_EXITING, "MOV-DR exiting"),
	REQUIRED("primary processor-based", PROC_UNCONDITIONAL_IO, "unconditional I/O exiting"),
	REQUIRED("primary processor-based", PROC_MSR_BITMAPS, "use MSR bitmaps"),
	OPTIONAL(PROC_MWAIT_EXITING, NULL),
	OPTIONAL(PROC_RDPMC_EXITING, NULL),
	OPTIONAL(PROC_MONITOR_EXITING, NULL),
	END,
};

/* Not set, so that they raise #UD in the guest: RDTSCP, INVPCID, XSAVES, TPAUSE. */
static const struct want proc2[] = {
	REQUIRED("secondary processor-based", PROC2_EPT, "enable EPT"),
	/* Otherwise WBINVD writes back caches that are coherent anyway. */
	OPTIONAL(PROC2_WBINVD_EXITING, "WBINVD exiting"),
	OPTIONAL(PROC2_UNRESTRICTED, NULL), /* reported by struct vmm_probe */
	OPTIONAL(PROC2_ENCLS_EXITING, "ENCLS exiting"),
	OPTIONAL(PROC2_ENCLV_EXITING, "ENCLV exiting"),
	END,
};

/* The exit does not acknowledge interrupts: they stay pending, and the host takes them. */
static const struct want exit_[] = {
	REQUIRED("VM-exit", EXITC_HOST_64, "host address-space size"),
	REQUIRED("VM-exit", EXITC_LOAD_PAT, "load IA32_PAT"),
	REQUIRED("VM-exit", EXITC_LOAD_EFER, "load IA32_EFER"),
	OPTIONAL(EXITC_SAVE_TIMER, NULL), /* used with the timer */
	END,
};

static const struct want entry[] = {
	REQUIRED("VM-entry", ENTRYC_LOAD_DEBUG, "load debug controls"),
	REQUIRED("VM-entry", ENTRYC_IA32E_GUEST, "IA-32e mode guest"),
	REQUIRED("VM-entry", ENTRYC_LOAD_PAT, "load IA32_PAT"),
	REQUIRED("VM-entry", ENTRYC_LOAD_EFER, "load IA32_EFER"),
	END,
};

static const struct {
	uint32_t msr, true_msr;
	const struct want *wants;
	size_t offset; /* in struct vmx_controls */
} words[VMX_WORDS] = {
	[WORD_PIN] = { MSR_VMX_PINBASED_CTLS, MSR_VMX_TRUE_PINBASED_CTLS, pin,
		       offsetof(struct vmx_controls, pin) },
	[WORD_PROC] = { MSR_VMX_PROCBASED_CTLS, MSR_VMX_TRUE_PROCBASED_CTLS, proc,
			offsetof(struct vmx_controls, proc) },
	[WORD_PROC2] = { MSR_VMX_PROCBASED_CTLS2, MSR_VMX_PROCBASED_CTLS2, proc2,
			 offsetof(struct vmx_controls, proc2) },
	[WORD_EXIT] = { MSR_VMX_EXIT_CTLS, MSR_VMX_TRUE_EXIT_CTLS, exit_,
			offsetof(struct vmx_controls, exit) },
	[WORD_ENTRY] = { MSR_VMX_ENTRY_CTLS, MSR_VMX_TRUE_ENTRY_CTLS, entry,
			 offsetof(struct vmx_controls, entry) },
};

static uint32_t *word_of(struct vmx_controls *c, unsigned i)
{
	return (uint32_t *)((char *)c + words[i].offset);
}

/* Which CPUs have which MSR: A.1 to A.10. An MSR with needs exists if needs_msr has that bit. */
uint32_t vmx_unreadable(const struct cpu_raw *raw, const char **name)
{
	static const struct {
		uint32_t msr;
		const char *name;
		uint32_t needs_msr;
		uint64_t needs;
	} msrs[] = {
#define MSR(x) MSR_##x, "IA32_" #x
#define HAS_2ND (UINT64_C(1) << (32 + PROC_SECONDARY))
#define HAS_EPT (UINT64_C(1) << (32 + PROC2_EPT))
		{ MSR(FEATURE_CONTROL), 0, 0 },
		{ MSR(VMX_BASIC), 0, 0 },
		{ MSR(VMX_PINBASED_CTLS), 0, 0 },
		{ MSR(VMX_PROCBASED_CTLS), 0, 0 },
		{ MSR(VMX_EXIT_CTLS), 0, 0 },
		{ MSR(VMX_ENTRY_CTLS), 0, 0 },
		{ MSR(VMX_MISC), 0, 0 },
		{ MSR(VMX_CR0_FIXED0), 0, 0 },
		{ MSR(VMX_CR0_FIXED1), 0, 0 },
		{ MSR(VMX_CR4_FIXED0), 0, 0 },
		{ MSR(VMX_CR4_FIXED1), 0, 0 },
		{ MSR(VMX_PROCBASED_CTLS2), MSR_VMX_PROCBASED_CTLS, HAS_2ND },
		{ MSR(VMX_EPT_VPID_CAP), MSR_VMX_PROCBASED_CTLS2, HAS_EPT },
		{ MSR(VMX_TRUE_PINBASED_CTLS), MSR_VMX_BASIC, VMX_BASIC_TRUE },
		{ MSR(VMX_TRUE_PROCBASED_CTLS), MSR_VMX_BASIC, VMX_BASIC_TRUE },
		{ MSR(VMX_TRUE_EXIT_CTLS), MSR_VMX_BASIC, VMX_BASIC_TRUE },
		{ MSR(VMX_TRUE_ENTRY_CTLS), MSR_VMX_BASIC, VMX_BASIC_TRUE },
#undef MSR
#undef HAS_2ND
#undef HAS_EPT
	};

	for (unsigned i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		if (msrs[i].needs && !(cpu_raw_msr(raw, msrs[i].needs_msr) & msrs[i].needs))
			continue;
		*name = msrs[i].name;
		if (!cpu_raw_has_msr(raw, msrs[i].msr))
			return msrs[i].msr;
	}
	return 0;
}

void vmx_allowed(const struct cpu_raw *raw, struct vmx_allowed *allowed)
{
	bool fine = cpu_raw_msr(raw, MSR_VMX_BASIC) & VMX_BASIC_TRUE;

	for (unsigned i = 0; i < VMX_WORDS; i++) {
		uint64_t value = cpu_raw_msr(raw, fine ? words[i].true_msr : words[i].msr);

		allowed->words[i].must = (uint32_t)value;
		allowed->words[i].may = (uint32_t)(value >> 32);
	}
	if (FAULT(WBINVD_RUNS)) /* as under Xen */
		allowed->words[WORD_PROC2].may &= ~(UINT32_C(1) << PROC2_WBINVD_EXITING);
	if (FAULT(MWAIT_RUNS))
		allowed->words[WORD_PROC].may &= ~(UINT32_C(1) << PROC_MWAIT_EXITING);
	if (errata(raw) & ERRATUM_PREEMPTION_TIMER)
		allowed->words[WORD_PIN].may &= ~(UINT32_C(1) << PIN_PREEMPTION_TIMER);
	allowed->fixed = (struct vmx_fixed){
		.cr0_fixed0 = cpu_raw_msr(raw, MSR_VMX_CR0_FIXED0),
		.cr0_fixed1 = cpu_raw_msr(raw, MSR_VMX_CR0_FIXED1),
		.cr4_fixed0 = cpu_raw_msr(raw, MSR_VMX_CR4_FIXED0),
		.cr4_fixed1 = cpu_raw_msr(raw, MSR_VMX_CR4_FIXED1),
	};
	allowed->revision = cpu_raw_msr(raw, MSR_VMX_BASIC) & VMX_BASIC_REVISION;
}

const char *vmx_allowed_by_both(struct vmx_allowed *all, const struct vmx_allowed *own)
{
	struct vmx_allowed both = *all;
	struct vmx_fixed *f = &both.fixed;

	if (own->revision != all->revision)
		return "its VMCSs have another revision than those of the other CPUs "
		       "(IA32_VMX_BASIC)";
	for (unsigned i = 0; i < VMX_WORDS; i++) {
		both.words[i].must |= own->words[i].must;
		both.words[i].may &= own->words[i].may;
		if (both.words[i].must & ~both.words[i].may)
			return "a control that must be 1 on this CPU must be 0 on others, or the "
			       "other way round";
	}
	f->cr0_fixed0 |= own->fixed.cr0_fixed0;
	f->cr0_fixed1 &= own->fixed.cr0_fixed1;
	f->cr4_fixed0 |= own->fixed.cr4_fixed0;
	f->cr4_fixed1 &= own->fixed.cr4_fixed1;
	if (f->cr0_fixed0 & ~f->cr0_fixed1 || f->cr4_fixed0 & ~f->cr4_fixed1)
		return "a bit of CR0 or CR4 that VMX fixes to 1 on this CPU is fixed to 0 on "
		       "others, or the other way round";
	*all = both;
	return NULL;
}

static const char *compute(uint32_t must, uint32_t may, const struct want *wants, uint32_t *word)
{
	const char *missing = NULL;
	uint32_t wanted = 0;

	for (; wants->mask; wants++) {
		wanted |= wants->mask;
		if (wants->missing && !(may & wants->mask) && !missing)
			missing = wants->missing;
	}
	*word = (wanted | must) & may;
	if (FAULT(MUST_LOST))
		*word = wanted & may;
	return missing;
}

const char *vmx_controls(const struct vmx_allowed *allowed, struct vmx_controls *c)
{
	const char *missing = NULL;

	for (unsigned i = 0; i < VMX_WORDS && !missing; i++)
		missing = compute(allowed->words[i].must, allowed->words[i].may, words[i].wants,
				  word_of(c, i));
	if (missing)
		return missing;

	/* A slice that spans several exits requires that exits save the timer. */
	if (!vmx_control(c->pin, PIN_PREEMPTION_TIMER) || !vmx_control(c->exit, EXITC_SAVE_TIMER)) {
		c->pin &= ~(UINT32_C(1) << PIN_PREEMPTION_TIMER) | allowed->words[WORD_PIN].must;
		c->exit &= ~(UINT32_C(1) << EXITC_SAVE_TIMER) | allowed->words[WORD_EXIT].must;
	}
	return NULL;
}

void vmx_controls_lost(const struct vmx_controls *before, const struct vmx_controls *after,
		       char *list, size_t size)
{
	struct vmx_controls had = *before, has = *after;

	for (unsigned i = 0; i < VMX_WORDS; i++)
		for (const struct want *w = words[i].wants; w->mask; w++)
			if (w->name && *word_of(&had, i) & ~*word_of(&has, i) & w->mask)
				format_append(list, size, w->name);
}
