/* SPDX-License-Identifier: BSD-2-Clause */
/* Can this CPU do it? APM vol. 2, 15.4. Pure. */
#include "kernel/format.h"
#include "kernel/string.h"
#include "svm/svm.h"

static void refuse(struct vmm_probe *p, const char *cause, const char *remedy)
{
	p->cause = cause;
	p->remedy = remedy;
}

static void check(const struct cpu_raw *raw, struct vmm_probe *p)
{
	uint64_t vm_cr = cpu_raw_msr(raw, MSR_VM_CR);

	if (!p->present)
		refuse(p, "this CPU has no SVM (CPUID.8000_0001:ECX[2])",
		       "use a CPU with AMD-V, or let the hypervisor below show it");
	else if ((vm_cr & VM_CR_SVMDIS) && (vm_cr & VM_CR_LOCK))
		refuse(p, "AMD-V is locked off by the firmware (VM_CR.SVMDIS and VM_CR.LOCK)",
		       "enable SVM in the firmware's setup, then power off and on");
	else if (!(raw->ext_svm.edx & SVM_EDX_NP))
		refuse(p, "SVM has no nested paging (CPUID.8000_000A:EDX[0])",
		       "use a CPU with nested paging, or let the hypervisor below show it");
	else if (raw->ext_svm.ebx < 2)
		refuse(p, "SVM has no ASID for a guest (CPUID.8000_000A:EBX)",
		       "this is a defect of the CPU or of the hypervisor below");
	else if (!(raw->ext1.edx & CPUID_EXT1_EDX_NX))
		refuse(p, "the CPU has no NX (CPUID.8000_0001:EDX[20])",
		       "enable No-Execute in the firmware's setup");
	else
		p->usable = true;
}

void svm_probe(const struct cpu_raw *raw, struct vmm_probe *p)
{
	uint32_t edx = raw->ext_svm.edx;

	memset(p, 0, sizeof(*p));
	p->present = raw->ext1.ecx & CPUID_EXT1_ECX_SVM;
	p->gpt = (struct vmm_gpt_caps){
		.maxphyaddr = (uint8_t)cpu_raw_maxphyaddr(raw),
		.leaf_2m = true,
		.leaf_1g = raw->ext1.edx & CPUID_EXT1_EDX_PAGE1GB,
		.track_ad = true,
	};
	p->unrestricted = true;
	p->asids = raw->ext_svm.ebx;
	check(raw, p);
	format(p->features, sizeof(p->features), "revision %u, %u ASIDs,%s%s%s%s%s",
	       raw->ext_svm.eax & 0xff, p->asids, edx & SVM_EDX_NP ? " nPT" : "",
	       p->gpt.leaf_1g ? " 1G" : "", edx & SVM_EDX_NRIPS ? " NRIPS" : "",
	       edx & SVM_EDX_FLUSH_BY_ASID ? " FlushByASID" : "",
	       edx & SVM_EDX_DECODE ? " decode-assists" : "");
}
