/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/cpu_rec.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

uint64_t *cpu_rec_msr(struct cpu_raw *raw, uint32_t index)
{
	unsigned i = 0;

	while (i < raw->nmsrs && raw->msrs[i].index != index)
		i++;
	assert_true(i < CPU_RAW_MSRS);
	if (i == raw->nmsrs)
		raw->nmsrs++;
	raw->msrs[i].index = index;
	raw->msrs[i].present = true;
	return &raw->msrs[i].value;
}

static struct cpuid_regs *leaf(struct cpu_raw *raw, unsigned number, unsigned sub)
{
	if (sub)
		return NULL;
	switch (number) {
	case 0:
		return &raw->leaf0;
	case 1:
		return &raw->leaf1;
	case 7:
		return &raw->leaf7;
	case 0x40000000:
		return &raw->hypervisor;
	case 0x80000000:
		return &raw->ext0;
	case 0x80000001:
		return &raw->ext1;
	case 0x80000008:
		return &raw->ext8;
	case 0x8000000a:
		return &raw->ext_svm;
	}
	return NULL;
}

void cpu_rec_read(const char *name, struct cpu_raw *raw)
{
	char path[128], line[128];
	struct cpuid_regs r, *to;
	unsigned number, sub;
	unsigned long long value;
	FILE *f;

	memset(raw, 0, sizeof(*raw));
	snprintf(path, sizeof(path), "test/unit/cpus/%s.rec", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpuid %x %x %x %x %x %x", &number, &sub, &r.eax, &r.ebx, &r.ecx,
			   &r.edx) == 6) {
			to = leaf(raw, number, sub);
			if (to)
				*to = r;
		} else if (sscanf(line, "msr %x %llx", &number, &value) == 2) {
			if (number == 0x3a || number == 0x10a ||
			    (number >= 0x480 && number <= 0x491))
				*cpu_rec_msr(raw, number) = value;
		} else {
			assert_true(line[0] == '#');
		}
	}
	fclose(f);
}
