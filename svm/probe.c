/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether this CPU is usable. APM vol. 2, 15.4. Pure. */
#include "kernel/host/below.h"
#include "kernel/host/errata.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "svm/svm.h"

static void refuse(struct vmm_probe *p, const char *cause, const char *remedy)
{
	p->cause = cause;
	p->remedy = remedy;
}

/* If a hypervisor below may be hiding the feature, the remedy is different. */
static void refuse_by_cpu(struct vmm_probe *p, const struct cpu_raw *raw, const char *cause,
			  const char *remedy)
{
	refuse(p, cause, remedy);
	if (!is_below(raw))
		return;
	if (p->present)
		below_hides_part(raw, "does not show this", p->remedy_words,
				 sizeof(p->remedy_words));
	else
		below_hides_all(raw, p->remedy_words, sizeof(p->remedy_words));
	p->remedy = p->remedy_words;
}

static void check(const struct cpu_raw *raw, struct vmm_probe *p)
{
	uint64_t vm_cr = cpu_raw_msr(raw, MSR_VM_CR);

	if (!p->present)
		refuse_by_cpu(p, raw, "no AMD-V: CPUID.8000_0001:ECX bit 2 (SVM) is 0",
			      "use a CPU with AMD-V and nested paging");
	else if ((vm_cr & VM_CR_SVMDIS) && (vm_cr & VM_CR_LOCK))
		refuse(p, "AMD-V is locked off by the firmware: VM_CR (MSR 0xc0010114) has "
		       "bit 4 (SVMDIS) and bit 3 (LOCK) set",
		       "enable SVM in the firmware's setup, then power off and on");
	else if (!(raw->ext_svm.edx & SVM_EDX_NP) && !FAULT(PROBE_SVM))
		refuse_by_cpu(p, raw,
			      "AMD-V without nested paging: CPUID.8000_000A:EDX bit 0 (NP) is 0",
			      "use a CPU with nested paging: AMD family 10h (2007) or later");
	else if (raw->ext_svm.ebx < 2)
		refuse_by_cpu(p, raw,
			      "AMD-V without an ASID for a guest: CPUID.8000_000A:EBX is below 2",
			      "this CPU is defective: use another one");
	else
		p->usable = true;
}

/* Features used if present, and the consequence if not. */
static void list_features(const struct cpu_raw *raw, struct vmm_probe *p)
{
	const struct {
		bool there;
		const char *name, *without;
	} features[] = {
		{ p->gpt.leaf_2m, NULL, "2 MiB leaves" },
		{ p->gpt.leaf_1g, "1 GiB leaves", "1 GiB leaves" },
		{ raw->ext_svm.edx & SVM_EDX_NRIPS, "NRIPS", "NRIPS (instructions are looked at)" },
		{ raw->ext_svm.edx & SVM_EDX_FLUSH_BY_ASID, "FlushByASID",
		  "FlushByASID (all ASIDs are flushed)" },
		{ raw->ext_svm.edx & SVM_EDX_DECODE, "decode assists",
		  "decode assists (MOV CR is looked at)" },
	};

	format(p->features, sizeof(p->features), "revision %u, %u ASIDs, nested paging",
	       raw->ext_svm.eax & 0xff, p->asids);
	for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (features[i].there && features[i].name)
			format_append(p->features, sizeof(p->features), features[i].name);
		else if (!features[i].there)
			format_append(p->missing, sizeof(p->missing), features[i].without);
}

void svm_probe(const struct cpu_raw *raw, struct vmm_probe *p)
{
	memset(p, 0, sizeof(*p));
	p->present = raw->ext1.ecx & CPUID_EXT1_ECX_SVM;
	p->errata = errata(raw) & ERRATUM_LARGE_LEAVES;
	p->denies_all = true;
	p->gpt = (struct vmm_gpt_caps){
		.maxphyaddr = (uint8_t)cpu_raw_maxphyaddr(raw),
		.leaf_2m = !p->errata,
		.leaf_1g = !p->errata && raw->ext1.edx & CPUID_EXT1_EDX_PAGE1GB,
		.track_ad = true,
	};
	p->unrestricted = true;
	p->asids = raw->ext_svm.ebx;
	check(raw, p);
	list_features(raw, p);
}
