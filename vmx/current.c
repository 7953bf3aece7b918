/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tracks which VMCS is current on a CPU, and whose KERNEL_GS_BASE is in the MSR.
 *
 * SWAPGS changes KERNEL_GS_BASE without an exit, and the host does not use it. So the guest's
 * value stays in the MSR across exits, and is saved when another vCPU, or none, becomes current
 * on this CPU. A vCPU moves to another CPU only by vmx_vcpu_unload and vmx_vcpu_load.
 */
#include "vmx/vmx.h"

#include "kernel/host/pages.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

void vmx_make_current(struct vcpu *vcpu)
{
	struct vmx_cpu *vc = vmx_cpu_of(vcpu);
	struct vmx_vcpu *vx = vcpu->arch;

	if (vc->current == vx)
		return;
	ASSERT_EQ((uintptr_t)vx->vc, (uintptr_t)vc);
	if (vc->current) {
		vc->current->kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
		vc->current->eptp = 0;
	}
	VERIFY_EQ(insn_vmptrld(vx->vmcs_pfn << PAGE_SHIFT), VMX_OK);
	wrmsr(MSR_KERNEL_GS_BASE, vx->kernel_gs_base);
	vc->current = vx;
}

/* VMCLEAR also writes to memory what the CPU cached of the VMCS; the fields keep their values. */
enum vmx_result vmx_clear(struct vmx_vcpu *vx)
{
	struct vmx_cpu *vc = vx->vc;

	if (vc->current == vx) {
		if (!FAULT(KERNEL_GS_LEFT))
			vx->kernel_gs_base = rdmsr(MSR_KERNEL_GS_BASE);
		wrmsr(MSR_KERNEL_GS_BASE, vc->kernel_gs_base);
		vc->current = NULL;
	}
	vx->eptp = 0;
	vx->launched = false;
	return insn_vmclear(vx->vmcs_pfn << PAGE_SHIFT);
}

void vmx_clear_launch(struct vcpu *vcpu)
{
	VERIFY_EQ(vmx_clear(vcpu->arch), VMX_OK);
	vmx_make_current(vcpu);
}
