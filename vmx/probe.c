/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether this CPU is usable: a pure function of what it reports. CPUID decides whether it has
 * VMX; the vendor's name does not matter, and some emulators have the MSRs on CPUs without VMX.
 * A refusal names the bit that is missing and what the owner can do.
 */
#include "vmx/vmx.h"

#include "kernel/host/below.h"
#include "kernel/host/errata.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"

static const char too_old[] = "take a CPU with EPT: Intel Core of the first generation (2008) or "
			      "later, or an emulator's model of one";

/* At least one bit of each line is required. */
static const struct {
	uint64_t any;
	const char *missing;
} ept_needs[] = {
	{ EPT_CAP_WALK_4, "EPT without a walk of 4 levels: IA32_VMX_EPT_VPID_CAP bit 6 is 0" },
	{ EPT_CAP_WB, "EPT without write-back tables: IA32_VMX_EPT_VPID_CAP bit 14 is 0" },
	{ EPT_CAP_INVEPT, "no INVEPT: IA32_VMX_EPT_VPID_CAP bit 20 is 0" },
	{ EPT_CAP_INVEPT_SINGLE | EPT_CAP_INVEPT_ALL,
	  "INVEPT of no type: IA32_VMX_EPT_VPID_CAP bits 25 and 26 are 0" },
};

/* Part of VT-x is missing. remedy: for the case that no hypervisor below may hide it. */
static void refuse(const struct cpu_raw *raw, const char *cause, const char *remedy,
		   struct vmm_probe *probe)
{
	probe->cause = cause;
	probe->remedy = remedy;
	if (!is_below(raw))
		return;
	below_hides_part(raw, "does not show this", probe->remedy_words,
			 sizeof(probe->remedy_words));
	probe->remedy = probe->remedy_words;
}

static void refuse_without_vmx(const struct cpu_raw *raw, struct vmm_probe *probe)
{
	probe->cause = "no VT-x: CPUID.1:ECX bit 5 (VMX) is 0";
	probe->remedy = too_old;
	if (!is_below(raw))
		return;
	below_hides_all(raw, probe->remedy_words, sizeof(probe->remedy_words));
	probe->remedy = probe->remedy_words;
}

static void refuse_without_msr(const struct cpu_raw *raw, uint32_t msr, const char *name,
			       struct vmm_probe *probe)
{
	format(probe->cause_words, sizeof(probe->cause_words),
	       "CPUID shows VT-x, but %s (MSR 0x%x), which belongs to it, cannot be read", name,
	       msr);
	probe->cause = probe->cause_words;
	if (is_below(raw))
		below_hides_all(raw, probe->remedy_words, sizeof(probe->remedy_words));
	else
		format(probe->remedy_words, sizeof(probe->remedy_words),
		       "if this is a virtual machine whose hypervisor does not show itself, allow nested "
		       "virtualization there, or hide VMX as well; else update the firmware");
	probe->remedy = probe->remedy_words;
}

/* The firmware is the machine's, or the virtual machine's if a hypervisor is below. */
static void refuse_locked(const struct cpu_raw *raw, struct vmm_probe *probe)
{
	probe->cause = "VT-x is locked off by the firmware: IA32_FEATURE_CONTROL (MSR 0x3a) has "
		       "bit 0 (lock) set and bit 2 (VMX outside SMX) clear";
	probe->remedy = "enable it in its setup, then power off and on";
	if (is_below(raw))
		probe->remedy =
			"allow it in the virtual machine's firmware, or nested virtualization "
			"in the hypervisor that this runs in, then power off and on";
}

/* Names the first thing that is missing; each depends on those before. */
static void check(const struct cpu_raw *raw, const char *missing_control, struct vmm_probe *probe)
{
	uint64_t lock = cpu_raw_msr(raw, MSR_FEATURE_CONTROL);
	uint64_t ept = cpu_raw_msr(raw, MSR_VMX_EPT_VPID_CAP);
	const char *name;
	uint32_t msr = vmx_unreadable(raw, &name);

	if (!(raw->leaf1.ecx & CPUID_1_ECX_VMX)) {
		refuse_without_vmx(raw, probe);
	} else if (msr) {
		refuse_without_msr(raw, msr, name, probe);
	} else if ((lock & FEATURE_CONTROL_LOCK) && !(lock & FEATURE_CONTROL_VMX)) {
		refuse_locked(raw, probe);
	} else if (missing_control) {
		refuse(raw, missing_control, too_old, probe);
	} else {
		for (unsigned i = 0; i < sizeof(ept_needs) / sizeof(ept_needs[0]); i++)
			if (!(ept & ept_needs[i].any) && !FAULT(PROBE_VMX) && !probe->cause)
				refuse(raw, ept_needs[i].missing, too_old, probe);
	}
}

/* Features used if present, and the consequence if not. */
static void list_features(const struct vmx_controls *controls, uint64_t ept,
			  struct vmm_probe *probe)
{
	const struct {
		bool there;
		const char *name, *without;
	} features[] = {
		{ probe->gpt.leaf_2m, "2 MiB leaves", "2 MiB leaves" },
		{ probe->gpt.leaf_1g, "1 GiB leaves", "1 GiB leaves" },
		{ !probe->gpt.small_exec, "large executable leaves", "large executable leaves" },
		{ probe->gpt.exec_only, "execute-only", "execute-only" },
		{ probe->gpt.track_ad, "A/D", "A/D" },
		{ probe->unrestricted, "unrestricted guest",
		  "unrestricted guest (none in real mode)" },
		{ probe->slice_timer, "preemption timer", "preemption timer (the host's is used)" },
		{ vmx_control(controls->pin, PIN_VIRTUAL_NMIS), "virtual NMIs", "virtual NMIs" },
		{ ept & EPT_CAP_INVEPT_SINGLE, "INVEPT of one root",
		  "INVEPT of one root (all are flushed)" },
		{ vmx_control(controls->proc2, PROC2_WBINVD_EXITING), NULL,
		  "WBINVD exiting (guests execute it)" },
		{ probe->denies_all, NULL,
		  "exits of RDPMC, MONITOR or MWAIT (guests execute them, and probe is not run)" },
	};

	format(probe->features, sizeof(probe->features), "EPT of 4 levels");
	for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i].there && features[i].name)
			format_append(probe->features, sizeof(probe->features), features[i].name);
		else if (!features[i].there)
			format_append(probe->missing, sizeof(probe->missing), features[i].without);
}

static void fill(const struct cpu_raw *raw, const struct vmx_controls *controls,
		 struct vmm_probe *probe)
{
	uint64_t ept = cpu_raw_msr(raw, MSR_VMX_EPT_VPID_CAP);
	unsigned width = cpu_raw_maxphyaddr(raw);
	uint32_t denials = UINT32_C(1) << PROC_RDPMC_EXITING | UINT32_C(1) << PROC_MONITOR_EXITING |
			   UINT32_C(1) << PROC_MWAIT_EXITING;

	probe->errata =
		errata(raw) & (ERRATUM_EPT_AD | ERRATUM_PREEMPTION_TIMER | ERRATUM_ITLB_MULTIHIT);
	probe->gpt = (struct vmm_gpt_caps){
		.maxphyaddr = (uint8_t)(width < 52 ? width : 52),
		.leaf_2m = ept & EPT_CAP_2M,
		.leaf_1g = ept & EPT_CAP_1G,
		.exec_only = ept & EPT_CAP_EXEC_ONLY,
		.track_ad = ept & EPT_CAP_AD && !(probe->errata & ERRATUM_EPT_AD),
		.small_exec = probe->errata & ERRATUM_ITLB_MULTIHIT,
	};
	probe->denies_all = (controls->proc & denials) == denials;
	probe->unrestricted = vmx_control(controls->proc2, PROC2_UNRESTRICTED);
	probe->slice_timer = vmx_control(controls->pin, PIN_PREEMPTION_TIMER) &&
			     vmx_control(controls->exit, EXITC_SAVE_TIMER);
	list_features(controls, ept, probe);
}

void vmx_probe(const struct cpu_raw *raw, struct vmm_probe *probe)
{
	struct vmx_controls controls = { 0 };
	struct vmx_allowed allowed;
	const char *missing;

	*probe = (struct vmm_probe){ .present = raw->leaf1.ecx & CPUID_1_ECX_VMX };
	vmx_allowed(raw, &allowed);
	missing = vmx_controls(&allowed, &controls);
	check(raw, missing, probe);
	probe->usable = !probe->cause;
	if (probe->usable)
		fill(raw, &controls, probe);
}
