/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be done where a hypervisor below hides what nestbox needs. Pure. */
#ifndef KERNEL_HOST_BELOW_H
#define KERNEL_HOST_BELOW_H

#include "kernel/host/cpu_raw.h"

#include <stddef.h>

static inline bool is_below(const struct cpu_raw *raw)
{
	return raw->leaf1.ecx & CPUID_1_ECX_HYPERVISOR;
}

/* There is no VT-x or AMD-V at all: how it is switched on in the hypervisor below. */
void below_hides_all(const struct cpu_raw *raw, char *words, size_t size);

/* It is there, but for a part of it: what it does not do ("does not show EPT"). */
void below_hides_part(const struct cpu_raw *raw, const char *what, char *words, size_t size);

#endif
