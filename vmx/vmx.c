/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel VMX with EPT, below the seam of kernel/vm/vmm_ops.h.
 *
 * A CPU enters VMX operation once, by VMXON (enable, in this file). Guest and host state and
 * the controls are in the VMCS, a page per vCPU that only hardware accesses directly. VMPTRLD
 * makes one VMCS current on a CPU; only that one can be used. Its fields have numbers (vmcs.h)
 * and are accessed by VMREAD and VMWRITE. VMLAUNCH, for the first entry, and VMRESUME load the
 * guest's state from it (enter.asm). The next exit saves that state, loads the host's, and
 * continues at vmx_exited with the reason in read-only fields, which exit.c decodes.
 *
 *	vmcs.h		every number, with its source
 *	insn.h		the instructions, and how they fail
 *	probe.c		whether this CPU is usable, and if not, why (pure)
 *	controls.c	what exits and what does not (pure)
 *	vmx.c		enable, disable
 *	current.c	which VMCS is current
 *	vcpu.c		the VMCS: creation, entry, changes, destruction; INVEPT
 *	exit.c		decodes exits
 *	describe.c	describes exits and failed entries in the manual's terms
 *	failure.c	the same for failed instructions
 *	check.c		finds the guest-state rule that failed an entry
 *
 * Default deny: ports, MSRs, CR0, CR4, CR8, debug registers and whatever else can exit does.
 * The exceptions are listed where they are made (controls.c for instructions, vcpu.c for
 * MSRs), each with its reason.
 *
 * Guest-physical addresses are translated by EPT; gpt/ makes its tables. The CPU caches
 * translations, tagged with the EPTP, across exits and entries; only INVEPT flushes them.
 * kernel/vm/tlb.h decides when.
 *
 * decode and skip use the current VMCS. They follow an enter of the same vCPU; no other vCPU
 * may be used in between.
 *
 * Limitation: if a guest single-steps (RFLAGS.TF) over an instruction that we emulate, its #DB
 * comes one instruction late.
 */
#include "vmx/vmx.h"

#include "gpt/format.h"
#include "kernel/host/msr.h"
#include "kernel/host/pages.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/x86.h"

struct vmx_common vmx_common;

_Static_assert(sizeof(struct vmx_cpu) <= PAGE_SIZE, "it gets a page");
_Static_assert(offsetof(struct vmx_cpu, tlb) == 0, "tlb_cpu");

/* SDM vol. 3C, 24.7: each CPU has its own lock, and firmware may have missed some CPUs. */
static bool unlock(char *error)
{
	uint64_t value;

	if (!msr_read_safe(MSR_FEATURE_CONTROL, &value)) {
		format(error, VMM_TEXT_MAX, "IA32_FEATURE_CONTROL (0x3a) cannot be read");
		return false;
	}
	if (!(value & FEATURE_CONTROL_LOCK)) {
		value |= FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX;
		if (!msr_write_safe(MSR_FEATURE_CONTROL, value)) {
			format(error, VMM_TEXT_MAX,
			       "IA32_FEATURE_CONTROL (0x3a) cannot be written");
			return false;
		}
	}
	if (!(value & FEATURE_CONTROL_VMX)) {
		format(error, VMM_TEXT_MAX,
		       "VT-x is locked off by the firmware on this CPU: "
		       "IA32_FEATURE_CONTROL is 0x%llx",
		       (unsigned long long)value);
		return false;
	}
	return true;
}

/* Sets the bits that must be 1. Fails on set bits that must be 0: clearing them is not up to us. */
static bool fix_crs(const struct vmx_fixed *fixed, char *error)
{
	uint64_t cr0 = read_cr0() | fixed->cr0_fixed0;
	uint64_t cr4 = read_cr4() | fixed->cr4_fixed0 | CR4_VMXE;

	if (cr0 & ~fixed->cr0_fixed1 || cr4 & ~fixed->cr4_fixed1) {
		format(error, VMM_TEXT_MAX,
		       "VMX operation forbids bits that the host has set: CR0 0x%llx, CR4 0x%llx",
		       (unsigned long long)(cr0 & ~fixed->cr0_fixed1),
		       (unsigned long long)(cr4 & ~fixed->cr4_fixed1));
		return false;
	}
	write_cr0(cr0);
	write_cr4(cr4);
	return true;
}

static struct vmx_cpu *alloc_pages(void)
{
	uint64_t pfn = page_alloc_zeroed(FRAME_HOST), vmxon_pfn = page_alloc_zeroed(FRAME_HOST);
	struct vmx_cpu *vc;

	if (!pfn || !vmxon_pfn) {
		if (pfn)
			page_free(pfn, FRAME_HOST);
		if (vmxon_pfn)
			page_free(vmxon_pfn, FRAME_HOST);
		return NULL;
	}
	vc = page_ptr(pfn);
	vc->pfn = pfn;
	vc->vmxon_pfn = vmxon_pfn;
	return vc;
}

static void free_pages(struct vmx_cpu *vc)
{
	page_free(vc->vmxon_pfn, FRAME_HOST);
	page_free(vc->pfn, FRAME_HOST);
}

static bool start(struct vmx_cpu *vc, uint32_t revision, char *error)
{
	enum vmx_result result;

	if (!unlock(error) || !fix_crs(&vc->fixed, error))
		return false;
	*(uint32_t *)page_ptr(vc->vmxon_pfn) = revision;
	result = insn_vmxon(vc->vmxon_pfn << PAGE_SHIFT);
	if (result != VMX_OK) {
		/* There is no current VMCS yet, so there is no error number: 31.3 VMXON. */
		format(error, VMM_TEXT_MAX,
		       "VMXON failed (%s): the region at 0x%llx, revision 0x%x, "
		       "was not accepted",
		       result == VMX_FAIL_INVALID ? "VMfailInvalid" : "VMfailValid",
		       (unsigned long long)vc->vmxon_pfn << PAGE_SHIFT, revision);
		write_cr4(read_cr4() & ~CR4_VMXE);
		return false;
	}
	return true;
}

/* Deliberate bugs of the machine: a CPU that differs from the first one. */
static void make_different(struct vmx_allowed *own)
{
	if (FAULT(CONTROLS_DIFFER))
		own->words[WORD_PIN].may &= ~(UINT32_C(1) << PIN_VIRTUAL_NMIS);
	if (FAULT(CONTROLS_CLASH))
		own->words[WORD_PROC].may &= ~vmx_common.allowed.words[WORD_PROC].must;
	if (FAULT(REVISION_DIFFERS))
		own->revision++;
}

/* Computes what all CPUs including this one allow; lost: what the others lose by this one. */
static const char *join(const struct cpu_raw *raw, struct vmx_allowed *own,
			struct vmx_common *common, char *lost)
{
	const char *why = NULL;

	lost[0] = 0;
	vmx_allowed(raw, own);
	*common = vmx_common;
	if (!common->any) {
		common->allowed = *own;
		common->any = true;
		return vmx_controls(&common->allowed, &common->controls);
	}
	make_different(own);
	why = vmx_allowed_by_both(&common->allowed, own);
	if (!why)
		why = vmx_controls(&common->allowed, &common->controls);
	if (!why)
		vmx_controls_lost(&vmx_common.controls, &common->controls, lost, VMM_TEXT_MAX);
	return why;
}

static bool vmx_enable(struct cpu *cpu, const struct cpu_raw *raw, char *words)
{
	struct vmx_cpu *vc = alloc_pages();
	struct vmx_common common;
	struct vmx_allowed own;
	const char *why;

	if (!vc) {
		format(words, VMM_TEXT_MAX, "no memory for the VMXON region");
		return false;
	}
	vc->timer_rate = cpu_raw_msr(raw, MSR_VMX_MISC) & VMX_MISC_TIMER_RATE;
	vc->invept_single = cpu_raw_msr(raw, MSR_VMX_EPT_VPID_CAP) & EPT_CAP_INVEPT_SINGLE;
	vc->kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
	trap_set_nmi_abort_range(vmx_abort_range, vmx_abort_range_end, vmx_aborted);
	why = join(raw, &own, &common, words);
	vc->fixed = own.fixed;
	if (why)
		format(words, VMM_TEXT_MAX, "%s", why);
	if (why || !start(vc, own.revision, words)) {
		free_pages(vc);
		return false;
	}
	vmx_common = common;
	cpu->arch = vc;
	/* Translations cached before VMXOFF may still be there (29.4.3.2). The record is zeroed,
	 * so the first entry flushes. */
	return true;
}

static void vmx_disable(struct cpu *cpu)
{
	struct vmx_cpu *vc = cpu->arch;

	if (!vc)
		return;
	ASSERT_EQ(vc->vcpus, 0);
	VERIFY_EQ(insn_vmxoff(), VMX_OK);
	write_cr4(read_cr4() & ~CR4_VMXE);
	cpu->arch = NULL;
	free_pages(vc);
}

static void vmx_invalidate(struct cpu *cpu, const struct tlb_context *ctx)
{
	vmx_invept(cpu->arch, ctx->pmtp);
}

const struct vmm_ops vmx_ops = {
	.name = "VMX",
	.paging = "EPT",
	.fault_name = "EPT violation",
	.format = &vmm_gpt_ept,
	.probe = vmx_probe,
	.enable = vmx_enable,
	.disable = vmx_disable,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_fini = vmx_vcpu_fini,
	.vcpu_unload = vmx_vcpu_unload,
	.vcpu_load = vmx_vcpu_load,
	.enter = vmx_vcpu_enter,
	.decode = vmx_decode,
	.skip = vmx_skip,
	.inject = vmx_inject,
	.want_window = vmx_want_window,
	.set_slice = vmx_set_slice,
	.get_state = vmx_get_state,
	.set_cr = vmx_set_cr,
	.set_efer = vmx_set_efer,
	.set_pdptes = vmx_set_pdptes,
	.invalidate = vmx_invalidate,
	.fault_linear = vmx_fault_linear,
	.describe = vmx_describe,
};
