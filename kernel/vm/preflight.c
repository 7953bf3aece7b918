/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/preflight.h"

#include "kernel/host/below.h"
#include "kernel/host/errata.h"
#include "kernel/lib/log.h"

const char *preflight_host(const struct cpu_raw *raw, const char **remedy)
{
	*remedy = "use a CPU, or a model of one, that has it";
	if (!(raw->leaf1.edx & CPUID_1_EDX_MSR))
		return "the CPU has no MSRs: CPUID.1:EDX bit 5 is 0";
	if (!(raw->leaf1.edx & CPUID_1_EDX_FXSR))
		return "the CPU has no FXSAVE: CPUID.1:EDX bit 24 is 0";
	if (!(raw->leaf1.edx & CPUID_1_EDX_SSE))
		return "the CPU has no SSE: CPUID.1:EDX bit 25 is 0";
	if (!(raw->leaf1.edx & CPUID_1_EDX_PAT))
		return "the CPU has no PAT: CPUID.1:EDX bit 16 is 0";
	if (!(raw->ext1.edx & CPUID_EXT1_EDX_NX)) {
		*remedy = "enable No-Execute (XD, NX) in the firmware's setup";
		return "the CPU has no NX: CPUID.8000_0001:EDX bit 20 is 0";
	}
	return NULL;
}

/* The reason: first the host's own requirements, then a vendor that is present but not usable. */
static void refuse(const struct cpu_raw *raw, struct preflight *p)
{
	p->ops = NULL;
	p->cause = preflight_host(raw, &p->remedy);
	for (unsigned i = 0; i < PREFLIGHT_SIDES && !p->cause; i++)
		if (p->sides[i].present) {
			p->cause = p->sides[i].cause;
			p->remedy = p->sides[i].remedy;
		}
	if (p->cause)
		return;
	p->cause = "this CPU has neither VT-x (CPUID.1:ECX bit 5) nor AMD-V "
		   "(CPUID.8000_0001:ECX bit 2)";
	p->remedy = "use a CPU with VT-x and EPT, or with AMD-V and nested paging";
	if (!is_below(raw))
		return;
	below_hides_all(raw, p->remedy_words, sizeof(p->remedy_words));
	p->remedy = p->remedy_words;
}

void preflight(const struct cpu_raw *raw, const struct vmm_ops *const sides[PREFLIGHT_SIDES],
	       struct preflight *p)
{
	const char *remedy;

	*p = (struct preflight){ 0 };
	for (unsigned i = 0; i < PREFLIGHT_SIDES; i++) {
		sides[i]->probe(raw, &p->sides[i]);
		if (!p->ops && p->sides[i].usable) {
			p->ops = sides[i];
			p->probe = p->sides[i];
		}
	}
	if (!p->ops || preflight_host(raw, &remedy))
		refuse(raw, p);
}

void preflight_report(const struct preflight *p, const struct vmm_ops *const sides[PREFLIGHT_SIDES])
{
	for (unsigned i = 0; i < PREFLIGHT_SIDES; i++) {
		const struct vmm_probe *side = &p->sides[i];

		if (side->usable) {
			note("%s: there; %s", sides[i]->name, side->features);
			note("  missing: %s", side->missing[0] ? side->missing : "nothing");
			for (unsigned bit = 0; bit < ERRATA; bit++)
				if (side->errata >> bit & 1)
					note("  erratum: %s", errata_words(1u << bit));
		} else {
			note("%s: %s; %s", sides[i]->name, side->present ? "there" : "not there",
			     side->cause);
		}
	}
	if (p->ops)
		note("verdict: guests run by %s with %s", p->ops->name, p->ops->paging);
}
