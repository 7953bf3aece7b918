/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/below.h"

#include "kernel/host/cpu_words.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"

enum { NAME = 40 };

/* How to enable nested virtualization, by the name in CPUID 0x40000000. */
static const struct {
	const char *name, *how;
} known[] = {
	{ "KVMKVMKVM", "load kvm_intel or kvm_amd with nested=1, and give this machine a CPU "
		       "with vmx or svm (QEMU: -cpu host)" },
	{ "XenVMMXenVMM", "set nestedhvm=1 for this domain, which has to be an HVM" },
	{ "VMwareVMware", "set vhv.enable = \"TRUE\" for this machine" },
	{ "Microsoft Hv", "there, Set-VMProcessor -ExposeVirtualizationExtensions $true" },
	{ "VBoxVBoxVBox", "there, VBoxManage modifyvm NAME --nested-hw-virt on" },
	{ "TCGTCGTCGTCG", "QEMU's TCG has SVM only: take -cpu max, or a model with +svm,+npt" },
	{ "bhyve bhyve", "it has no nested virtualization: take another one, or none" },
};

void below_hides_all(const struct cpu_raw *raw, char *words, size_t size)
{
	const char *how = "allow nested virtualization there";
	char name[NAME];

	cpu_words_below(raw, name, sizeof(name));
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(name, known[i].name, strlen(known[i].name)) == 0)
			how = known[i].how;
	format(words, size, "the hypervisor that this runs in (%s) hides it: %s", name, how);
}

void below_hides_part(const struct cpu_raw *raw, const char *what, char *words, size_t size)
{
	char name[NAME];

	cpu_words_below(raw, name, sizeof(name));
	format(words, size,
	       "the hypervisor that this runs in (%s) allows nested virtualization, but %s: take a "
	       "version of it that does, another one, or none",
	       name, what);
}
