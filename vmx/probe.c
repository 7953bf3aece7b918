/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can this CPU do it? A pure function of what the CPU says of itself. CPUID
 * decides whether there is VMX at all: the vendor's name says nothing, and
 * some emulators have the MSRs on CPUs without VMX. A refusal names the bit
 * that it was, and what the machine's owner can do about it.
 */
#include "vmx/vmx.h"

#include "kernel/fault.h"
#include "kernel/format.h"

struct refusal {
	const char *cause, *remedy;
};

static const char *const too_old =
	"take a CPU with EPT: Intel Core of the first generation (2008) or later, "
	"or an emulator's model of one";
static const char *const hidden =
	"the hypervisor that this runs in hides it: allow nested virtualization there";

/* Of each line one bit at least. */
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

/* First come, first named: each needs what is above it. */
static struct refusal refuse(const struct cpu_raw *raw, const char *missing_control)
{
	uint64_t lock = cpu_raw_msr(raw, MSR_FEATURE_CONTROL);
	uint64_t ept = cpu_raw_msr(raw, MSR_VMX_EPT_VPID_CAP);
	bool nested = raw->leaf1.ecx & CPUID_1_ECX_HYPERVISOR;
	const char *other_cpu = nested ? hidden : too_old;

	if (!(raw->leaf1.ecx & CPUID_1_ECX_VMX))
		return (struct refusal){ "no VT-x: CPUID.1:ECX bit 5 (VMX) is 0", other_cpu };
	if ((lock & FEATURE_CONTROL_LOCK) && !(lock & FEATURE_CONTROL_VMX))
		return (struct refusal){
			"VT-x is locked off by the firmware: IA32_FEATURE_CONTROL (MSR 0x3a) has "
			"bit 0 (lock) set and bit 2 (VMX outside SMX) clear",
			nested ? hidden : "enable it in its setup, then power off and on"
		};
	if (missing_control)
		return (struct refusal){ missing_control, other_cpu };
	for (unsigned i = 0; i < sizeof(ept_needs) / sizeof(ept_needs[0]); i++)
		if (!(ept & ept_needs[i].any) && !FAULT(PROBE_VMX))
			return (struct refusal){ ept_needs[i].missing, other_cpu };
	return (struct refusal){ NULL, NULL };
}

/* What is used where it is there, and what becomes of it where it is not. */
static void list_features(const struct vmx_controls *controls, uint64_t ept,
			  struct vmm_probe *probe)
{
	const struct {
		bool there;
		const char *name, *without;
	} features[] = {
		{ probe->gpt.leaf_2m, "2 MiB leaves", "2 MiB leaves" },
		{ probe->gpt.leaf_1g, "1 GiB leaves", "1 GiB leaves" },
		{ !probe->gpt.small_exec, "large executable leaves",
		  "large executable leaves (iTLB multihit: SDM vol. 4, MSR 0x10a, bit 6)" },
		{ probe->gpt.exec_only, "execute-only", "execute-only" },
		{ probe->gpt.track_ad, "A/D", "A/D" },
		{ probe->unrestricted, "unrestricted guest",
		  "unrestricted guest (none in real mode)" },
		{ probe->slice_timer, "preemption timer", "preemption timer (the host's is used)" },
		{ vmx_control(controls->pin, PIN_VIRTUAL_NMIS), "virtual NMIs", "virtual NMIs" },
		{ ept & EPT_CAP_INVEPT_SINGLE, "INVEPT of one root",
		  "INVEPT of one root (all are flushed)" },
	};

	format(probe->features, sizeof(probe->features), "EPT of 4 levels");
	for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i].there)
			format_append(probe->features, sizeof(probe->features), features[i].name);
		else
			format_append(probe->missing, sizeof(probe->missing), features[i].without);
}

static void fill(const struct cpu_raw *raw, const struct vmx_controls *controls,
		 struct vmm_probe *probe)
{
	uint64_t ept = cpu_raw_msr(raw, MSR_VMX_EPT_VPID_CAP);
	unsigned width = cpu_raw_maxphyaddr(raw);

	probe->gpt = (struct vmm_gpt_caps){
		.maxphyaddr = (uint8_t)(width < 52 ? width : 52),
		.leaf_2m = ept & EPT_CAP_2M,
		.leaf_1g = ept & EPT_CAP_1G,
		.exec_only = ept & EPT_CAP_EXEC_ONLY,
		.track_ad = ept & EPT_CAP_AD,
		/* Who does not say that it is free of the erratum is taken to have it. */
		.small_exec = !(cpu_raw_msr(raw, MSR_ARCH_CAPABILITIES) & ARCH_CAP_PSCHANGE_MC_NO),
	};
	probe->unrestricted = vmx_control(controls->proc2, PROC2_UNRESTRICTED);
	probe->slice_timer = vmx_control(controls->pin, PIN_PREEMPTION_TIMER);
	list_features(controls, ept, probe);
}

void vmx_probe(const struct cpu_raw *raw, struct vmm_probe *probe)
{
	struct vmx_controls controls = { 0 };
	const char *missing = vmx_controls(raw, &controls);
	struct refusal no = refuse(raw, missing);

	*probe = (struct vmm_probe){
		.present = raw->leaf1.ecx & CPUID_1_ECX_VMX,
		.usable = !no.cause,
		.cause = no.cause,
		.remedy = no.remedy,
	};
	if (probe->usable)
		fill(raw, &controls, probe);
}
