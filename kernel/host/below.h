/* SPDX-License-Identifier: BSD-2-Clause */
/* Remedies for a hypervisor below that hides what nestbox needs. Pure. */
#ifndef KERNEL_HOST_BELOW_H
#define KERNEL_HOST_BELOW_H

#include "kernel/host/cpu_raw.h"

#include <stddef.h>

static inline bool is_below(const struct cpu_raw *raw)
{
	return raw->leaf1.ecx & CPUID_1_ECX_HYPERVISOR;
}

/* VT-x and AMD-V are both missing: says how to enable them in the hypervisor below. */
void below_hides_all(const struct cpu_raw *raw, char *words, size_t size);

/* A part is missing. what: what the hypervisor fails to do ("does not show EPT"). */
void below_hides_part(const struct cpu_raw *raw, const char *what, char *words, size_t size);

#endif
