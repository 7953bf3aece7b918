/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AMD SVM with nested paging.
 *
 * A vCPU is a VMCB: VMRUN loads the guest's state from it, and #VMEXIT saves it there. VMLOAD and
 * VMSAVE switch FS, GS, TR, LDTR and the SYSCALL and SYSENTER MSRs, at the start and end of the
 * vCPU loop; enter.asm switches the general registers. vcpu.c has the table.
 *
 * All guests use ASID 1: a CPU runs one vCPU at a time, and flushes that ASID whenever it enters
 * another context (kernel/vm/tlb.h).
 */
#include "svm/svm.h"

#include "gpt/format.h"
#include "kernel/host/msr.h"
#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/format.h"

_Static_assert(offsetof(struct svm_cpu, tlb) == 0, "tlb_cpu");

static void free_pages(struct cpu *cpu)
{
	struct svm_cpu *sc = svm_cpu(cpu);

	if (sc->hsave_pfn)
		page_free(sc->hsave_pfn, FRAME_HOST);
	if (sc->host_pfn)
		page_free(sc->host_pfn, FRAME_HOST);
	page_free((uintptr_t)sc >> PAGE_SHIFT, FRAME_HOST);
	cpu->arch = NULL;
}

/*
 * NRIPS, decode assists and flush by ASID may differ between CPUs: no VMCB depends on them. So
 * other CPUs never lose a feature.
 */
static bool svm_enable(struct cpu *cpu, const struct cpu_raw *raw, char *error)
{
	uint64_t pfn = page_alloc_zeroed(FRAME_HOST);
	struct svm_cpu *sc = page_ptr(pfn);

	if (!pfn) {
		format(error, VMM_TEXT_MAX, "no memory");
		return false;
	}
	cpu->arch = sc;
	sc->nrips = raw->ext_svm.edx & SVM_EDX_NRIPS;
	sc->decode_assists = raw->ext_svm.edx & SVM_EDX_DECODE;
	sc->flush_by_asid = raw->ext_svm.edx & SVM_EDX_FLUSH_BY_ASID;
	sc->hsave_pfn = page_alloc_zeroed(FRAME_HOST);
	sc->host_pfn = page_alloc_zeroed(FRAME_HOST);
	if (!sc->hsave_pfn || !sc->host_pfn) {
		format(error, VMM_TEXT_MAX, "no memory");
		free_pages(cpu);
		return false;
	}
	/* SVMDIS without the lock may be cleared. */
	if (cpu_raw_msr(raw, MSR_VM_CR) & VM_CR_SVMDIS)
		msr_write_safe(MSR_VM_CR, cpu_raw_msr(raw, MSR_VM_CR) & ~VM_CR_SVMDIS);
	if (!msr_write_safe(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME)) {
		format(error, VMM_TEXT_MAX,
		       "EFER.SVME cannot be set, although CPUID and VM_CR allow it");
		free_pages(cpu);
		return false;
	}
	wrmsr(MSR_VM_HSAVE_PA, sc->hsave_pfn << PAGE_SHIFT);
	svm_vmsave(sc->host_pfn << PAGE_SHIFT);
	svm_maps_init();
	error[0] = 0;
	return true;
}

static void svm_disable(struct cpu *cpu)
{
	wrmsr(MSR_VM_HSAVE_PA, 0);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~EFER_SVME);
	free_pages(cpu);
}

/*
 * Nothing to do: cached translations of the root are tagged with the ASID, and only VMRUN can use
 * them. The next VMRUN flushes, because the next root has another ctx_id.
 */
static void svm_invalidate(struct cpu *cpu, const struct tlb_context *ctx)
{
	ASSERT(tlb_is_stale(tlb_cpu(cpu), ctx));
}

const struct vmm_ops svm_ops = {
	.name = "SVM",
	.paging = "nested page tables",
	.fault_name = "nested page fault",
	.vmmcall = true,
	.format = &vmm_gpt_npt,
	.probe = svm_probe,
	.enable = svm_enable,
	.disable = svm_disable,
	.vcpu_init = svm_vcpu_init,
	.vcpu_fini = svm_vcpu_fini,
	.vcpu_unload = svm_vcpu_unload,
	.vcpu_load = svm_vcpu_load,
	.enter = svm_vcpu_enter,
	.leave = svm_vcpu_leave,
	.decode = svm_exit_decode,
	.skip = svm_vcpu_skip,
	.inject = svm_vcpu_inject,
	.want_window = svm_vcpu_want_window,
	.get_state = svm_vcpu_get_state,
	.set_cr = svm_vcpu_set_cr,
	.set_efer = svm_vcpu_set_efer,
	.invalidate = svm_invalidate,
	.describe = svm_exit_describe,
};
