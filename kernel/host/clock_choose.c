/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SDM vol. 2A, CPUID, leaves 15h and 16h; vol. 3B, 18.7.3. Hypervisor leaf
 * 0x40000010 is a convention of VMware and KVM: EAX is the TSC's rate in kHz.
 */
#include "kernel/host/clock_choose.h"

#include "kernel/lib/fault.h"

#include <stddef.h>

/* Bochs's TSC counts instructions, a few million per second. No CPU reaches 10 GHz. */
#define RATE_MIN     UINT64_C(1000000)
#define RATE_MAX     UINT64_C(10000000000)
#define RATE_UNKNOWN RATE_MAX

enum {
	LEAF_TIMING = 0x40000010,
	VMWARE_EBX = 0x61774d56, /* "VMwa" */
	KVM_EBX = 0x4b4d564b,	 /* "KVMK" */
	MHZ_MASK = 0xffff,
};

void clock_read_leaves(const struct clock_leaves *l, struct clock_readings *r)
{
	uint64_t base = (l->frequency.eax & MHZ_MASK) * UINT64_C(1000000);
	bool has_ratio = l->tsc.eax && l->tsc.ebx;

	r->crystal = has_ratio ? (uint64_t)l->tsc.ecx * l->tsc.ebx / l->tsc.eax : 0;
	r->ratio_base = has_ratio && !l->tsc.ecx ? base : 0;
	r->base = base;
	r->hypervisor = 0;
	if (l->hypervisor.eax >= LEAF_TIMING &&
	    (l->hypervisor.ebx == VMWARE_EBX || l->hypervisor.ebx == KVM_EBX))
		r->hypervisor = l->timing.eax * UINT64_C(1000);
}

static bool is_plausible(uint64_t rate)
{
	return rate >= RATE_MIN && rate <= RATE_MAX;
}

/* An upper bound of the rate. Measurements are never too small, except that timers may be
 * inexact: allow a tenth. */
static uint64_t bound_of(const struct clock_readings *r)
{
	uint64_t bound = RATE_MAX;

	if (is_plausible(r->pm_timer) && r->pm_timer < bound)
		bound = r->pm_timer;
	if (is_plausible(r->pit) && r->pit < bound)
		bound = r->pit;
	return bound + bound / 10;
}

struct clock_choice clock_choose(const struct clock_readings *r)
{
	const struct clock_choice all[] = {
		{ r->hypervisor, "as the hypervisor says" },
		{ r->crystal, "by CPUID.15h" },
		{ r->ratio_base, "by CPUID.16h, the base frequency" },
		{ r->pm_timer, "by the ACPI PM timer" },
		{ r->pit, "by the PIT" },
		{ r->base, "by CPUID.16h, the base frequency" },
	};
	uint64_t bound = bound_of(r);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (FAULT(CLOCK_BELIEVED) ? all[i].rate != 0 :
					    is_plausible(all[i].rate) && all[i].rate <= bound)
			return all[i];
	return (struct clock_choice){ RATE_UNKNOWN, NULL };
}
