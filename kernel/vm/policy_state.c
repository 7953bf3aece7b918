/* SPDX-License-Identifier: BSD-2-Clause */
/* Control registers and MSRs. */
#include "kernel/vm/policy.h"

#include "kernel/lib/fault.h"

/*
 * The bits that a guest may change, and those whose writes are ignored; changing any other bit
 * is #GP. CR0: caches stay on, and writes to undefined bits are ignored, as on CPUs (SDM vol.
 * 3A, 2.5). CR4 and EFER: features that CPUID shows and whose state is switched. CR8: there is
 * no APIC, so the only priority is 0.
 */
struct rule {
	uint64_t free, ignored;
};

#define CR0_DEFINED                                                                        \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)

static const struct rule
	cr0 = { CR0_DEFINED & ~(CR0_NW | CR0_CD), UINT32_MAX & ~CR0_DEFINED },
	cr4 = { CR4_TSD | CR4_PSE | CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT, 0 },
	cr8 = { 0, 0 },
	efer = { EFER_LME | EFER_NXE, EFER_LMA };

static bool apply(const struct rule *rule, uint64_t value, uint64_t *reg)
{
	if ((value ^ *reg) & ~(rule->free | rule->ignored) && !FAULT(CR_ALLOWED))
		return false;
	*reg = (value & ~rule->ignored) | (*reg & rule->ignored);
	return true;
}

/*
 * Combinations that every CPU rejects. SDM vol. 2B, MOV to CR; vol. 3A, 4.1.1 and 9.8.5;
 * APM vol. 2, 3.1 and 14.6.
 */
static bool is_legal(const struct vcpu_state *from, const struct vcpu_state *to)
{
	bool paging = to->cr0 & CR0_PG, was_paging = from->cr0 & CR0_PG;
	bool long_enabled = to->efer & EFER_LME;

	if (paging && !(to->cr0 & CR0_PE))
		return false;
	if (paging && long_enabled && !(to->cr4 & CR4_PAE))
		return false;
	if (paging && was_paging && (from->efer ^ to->efer) & EFER_LME)
		return false;
	if (!paging && was_paging && vcpu_in_code64(from))
		return false;
	/* Long mode is entered from 32-bit code: CS.L is still clear. */
	return was_paging || !paging || !long_enabled || !(to->seg[SEG_CS].attr & SEG_ATTR_L);
}

static bool become(struct vcpu_state *s, struct vcpu_state *next)
{
	next->efer &= ~EFER_LMA;
	if (next->cr0 & CR0_PG && next->efer & EFER_LME)
		next->efer |= EFER_LMA;
	if (!is_legal(s, next))
		return false;
	*s = *next;
	return true;
}

bool policy_cr_write(struct vcpu_state *s, unsigned number, uint64_t value)
{
	struct vcpu_state next = *s;
	uint64_t tpr = 0;

	switch (number) {
	case 0:
		return apply(&cr0, value, &next.cr0) && become(s, &next);
	case 3: /* intercepted only where the CPU requires it */
		s->cr3 = value;
		return true;
	case 4:
		return apply(&cr4, value, &next.cr4) && become(s, &next);
	case 8:
		return apply(&cr8, value, &tpr);
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

/* EFER is the only one besides those that hardware switches (vmx/, svm/). */
bool policy_msr_read(const struct vcpu_state *s, uint32_t msr, uint64_t *value)
{
	if (msr != MSR_EFER)
		return false;
	*value = s->efer;
	return true;
}

bool policy_msr_write(struct vcpu_state *s, uint32_t msr, uint64_t value)
{
	struct vcpu_state next = *s;

	return msr == MSR_EFER && apply(&efer, value, &next.efer) && become(s, &next);
}
