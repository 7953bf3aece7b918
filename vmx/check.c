/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM entry that fails on guest state does not report the reason. This checks the rules for
 * guest state (SDM vol. 3C, 27.3.1) that a guest, or we, can violate in practice, and names the
 * first that is violated. It runs only after a failure.
 */
#include "vmx/vmx.h"

#include "kernel/lib/x86.h"

/* State that most of the rules use. */
struct view {
	uint64_t cr0, cr4, efer, rip, rflags;
	uint64_t cs, ss, tr; /* attributes */
	uint32_t event;
	bool long_mode, unrestricted;
};

#define ATTR_TYPE 0xfu
#define ATTR_S	  (1u << 4)
#define ATTR_P	  (1u << 7)
#define ATTR_DB	  (1u << 14)
#define ATTR_G	  (1u << 15)
#define RFLAGS_VM (UINT64_C(1) << 17)

static struct view look(void)
{
	return (struct view){
		.cr0 = vmcs_peek(VMCS_GUEST_CR0),
		.cr4 = vmcs_peek(VMCS_GUEST_CR4),
		.efer = vmcs_peek(VMCS_GUEST_EFER),
		.rip = vmcs_peek(VMCS_GUEST_RIP),
		.rflags = vmcs_peek(VMCS_GUEST_RFLAGS),
		.cs = vmcs_peek(VMCS_GUEST_CS_ATTR),
		.ss = vmcs_peek(VMCS_GUEST_SS_ATTR),
		.tr = vmcs_peek(VMCS_GUEST_TR_ATTR),
		.event = (uint32_t)vmcs_peek(VMCS_ENTRY_EVENT),
		.long_mode =
			vmx_control((uint32_t)vmcs_peek(VMCS_ENTRY_CONTROLS), ENTRYC_IA32E_GUEST),
		.unrestricted =
			vmx_control((uint32_t)vmcs_peek(VMCS_PROC2_CONTROLS), PROC2_UNRESTRICTED),
	};
}

/* 27.3.1.1 */
static const char *check_registers(const struct view *v, const struct vmx_fixed *fixed)
{
	uint64_t need0 = fixed->cr0_fixed0;

	if (v->unrestricted)
		need0 &= ~(CR0_PE | CR0_PG);
	else if (~v->cr0 & need0 & (CR0_PE | CR0_PG))
		return "CR0.PE or PG is 0, and this CPU has no unrestricted guest";
	if (~v->cr0 & need0)
		return "CR0 lacks a bit that VMX fixes to 1";
	if (v->cr0 & ~fixed->cr0_fixed1)
		return "CR0 has a bit that VMX fixes to 0";
	if (v->cr0 & CR0_PG && !(v->cr0 & CR0_PE))
		return "CR0.PG without PE";
	if (~v->cr4 & fixed->cr4_fixed0)
		return "CR4 lacks a bit that VMX fixes to 1";
	if (v->cr4 & ~fixed->cr4_fixed1)
		return "CR4 has a bit that VMX fixes to 0";
	if (v->long_mode && !(v->cr0 & CR0_PG))
		return "IA-32e mode without CR0.PG";
	if (v->long_mode && !(v->cr4 & CR4_PAE))
		return "IA-32e mode without CR4.PAE";
	if (!!(v->efer & EFER_LMA) != v->long_mode)
		return "EFER.LMA is not what the IA-32e mode control says";
	if (v->cr0 & CR0_PG && !!(v->efer & EFER_LMA) != !!(v->efer & EFER_LME))
		return "EFER.LME is not EFER.LMA, with CR0.PG set";
	if (v->efer & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
		return "EFER has a reserved bit";
	return NULL;
}

static bool limit_fits(uint64_t limit, uint64_t attr)
{
	if (attr & ATTR_G)
		return (limit & 0xfff) == 0xfff;
	return !(limit & 0xfff00000);
}

/* 27.3.1.2 */
static const char *check_segments(const struct view *v)
{
	static const char *const limits[SEG_COUNT] = {
		[SEG_ES] = "ES limit and granularity",	   [SEG_CS] = "CS limit and granularity",
		[SEG_SS] = "SS limit and granularity",	   [SEG_DS] = "DS limit and granularity",
		[SEG_FS] = "FS limit and granularity",	   [SEG_GS] = "GS limit and granularity",
		[SEG_LDTR] = "LDTR limit and granularity", [SEG_TR] = "TR limit and granularity",
	};
	unsigned tr = v->tr & ATTR_TYPE, cs = v->cs & ATTR_TYPE;

	if (v->tr & ATTR_UNUSABLE || v->tr & ATTR_S || !(v->tr & ATTR_P) ||
	    (tr != 11 && (tr != 3 || v->long_mode)))
		return "TR is not a present, busy TSS";
	if (v->rflags & RFLAGS_VM)
		return NULL; /* virtual-8086 mode has its own rules */
	if (v->cs & ATTR_UNUSABLE || !(v->cs & ATTR_S) || !(v->cs & ATTR_P))
		return "CS is not a present code segment";
	if (cs != 9 && cs != 11 && cs != 13 && cs != 15 && (cs != 3 || !v->unrestricted))
		return "CS type";
	if (v->long_mode && v->cs & SEG_ATTR_L && v->cs & ATTR_DB)
		return "CS has both L and D";
	if (!(v->ss & ATTR_UNUSABLE) && (v->ss & ATTR_TYPE) != 3 && (v->ss & ATTR_TYPE) != 7)
		return "SS type";
	for (unsigned i = 0; i < SEG_COUNT; i++) {
		uint64_t attr = vmcs_peek(VMCS_GUEST_ATTR(i));

		if (!(attr & ATTR_UNUSABLE) && !limit_fits(vmcs_peek(VMCS_GUEST_LIMIT(i)), attr))
			return limits[i];
	}
	return NULL;
}

/* 27.3.1.4, 27.3.1.5, 27.2.1.3 */
static const char *check_rest(const struct view *v)
{
	uint64_t shadow = vmcs_peek(VMCS_GUEST_INTERRUPTIBILITY);
	unsigned type = v->event >> EVENT_WORD_TYPE_SHIFT & EVENT_WORD_TYPE;
	bool code64 = v->long_mode && v->cs & SEG_ATTR_L;

	if (!code64 && v->rip >> 32)
		return "RIP is beyond 4 GiB outside of 64-bit code";
	if (code64 && v->rip >> 48 && v->rip >> 48 != 0xffff)
		return "RIP is beyond 48 bits";
	if (!(v->rflags & RFLAGS_FIXED))
		return "RFLAGS bit 1 is 0";
	if (v->rflags & ~UINT64_C(0x3f7fd7))
		return "RFLAGS has a reserved bit";
	if (v->rflags & RFLAGS_VM && (v->long_mode || !(v->cr0 & CR0_PE)))
		return "RFLAGS.VM in IA-32e or real mode";
	if (!(v->event & EVENT_WORD_VALID))
		return NULL;
	if (type == EVENT_INTERRUPT && !(v->rflags & RFLAGS_IF))
		return "an interrupt is to be injected while RFLAGS.IF is 0";
	if (type == EVENT_INTERRUPT && shadow & (SHADOW_STI | SHADOW_MOV_SS))
		return "an interrupt is to be injected in the shadow of STI or MOV SS";
	if (type == EVENT_NMI && shadow & SHADOW_MOV_SS)
		return "an NMI is to be injected in the shadow of MOV SS";
	return NULL;
}

const char *vmx_check_guest(const struct vmx_fixed *fixed)
{
	struct view v = look();
	const char *broken = check_registers(&v, fixed);

	if (!broken)
		broken = check_segments(&v);
	if (!broken)
		broken = check_rest(&v);
	return broken;
}
