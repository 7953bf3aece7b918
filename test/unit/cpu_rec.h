/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs as records: lines "cpuid LEAF SUBLEAF EAX EBX ECX EDX", "msr INDEX VALUE", hex. */
#ifndef HOST_CPU_REC_H
#define HOST_CPU_REC_H

#include "kernel/host/cpu_raw.h"

/* test/unit/cpus/NAME.rec, as cpu_raw_read would have read that CPU. */
void cpu_rec_read(const char *name, struct cpu_raw *raw);

/* An MSR of a CPU that is made up, readable from now on. */
uint64_t *cpu_rec_msr(struct cpu_raw *raw, uint32_t index);

#endif
