/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/cpu_words.h"

#include "kernel/lib/format.h"
#include "kernel/lib/string.h"

enum { SIGNATURE = 12 };

/* Removes blanks at both ends. */
static void trim(char *text)
{
	size_t first = 0, n;

	while (text[first] == ' ')
		first++;
	n = strlen(text + first);
	while (n && text[first + n - 1] == ' ')
		n--;
	memmove(text, text + first, n);
	text[n] = 0;
}

static const char *or_unknown(const char *text)
{
	return text[0] ? text : "unknown";
}

void cpu_words_name(const struct cpu_raw *raw, char *words, size_t size)
{
	char vendor[SIGNATURE + 1] = "", brand[sizeof(raw->brand)];

	memcpy(vendor, &raw->leaf0.ebx, 4);
	memcpy(vendor + 4, &raw->leaf0.edx, 4);
	memcpy(vendor + 8, &raw->leaf0.ecx, 4);
	memcpy(brand, raw->brand, sizeof(brand));
	trim(vendor);
	trim(brand);
	format(words, size, "%s family %u model %u stepping %u, %s", or_unknown(vendor),
	       cpu_raw_family(raw), cpu_raw_model(raw), cpu_raw_stepping(raw), or_unknown(brand));
}

void cpu_words_below(const struct cpu_raw *raw, char *words, size_t size)
{
	char name[SIGNATURE + 1] = "";
	const struct cpuid_regs *xen = &raw->hypervisor1, *hyperv = &raw->hypervisor2;

	if (!(raw->leaf1.ecx & CPUID_1_ECX_HYPERVISOR)) {
		format(words, size, "none");
		return;
	}
	memcpy(name, &raw->hypervisor.ebx, SIGNATURE);
	trim(name);
	if (strcmp(name, "Microsoft Hv") ==
	    0) /* Hypervisor Top-Level Functional Specification, 2.4 */
		format(words, size, "%s %u.%u.%u", name, hyperv->ebx >> 16, hyperv->ebx & 0xffff,
		       hyperv->eax);
	else if (strcmp(name, "XenVMMXenVMM") == 0) /* xen/include/public/arch-x86/cpuid.h */
		format(words, size, "%s %u.%u", name, xen->eax >> 16, xen->eax & 0xffff);
	else
		format(words, size, "%s", or_unknown(name));
}
