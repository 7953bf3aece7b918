/* SPDX-License-Identifier: BSD-2-Clause */
/* Recorded CPUs: lines "cpuid LEAF SUBLEAF EAX EBX ECX EDX" and "msr INDEX VALUE", in hex. */
#ifndef HOST_CPU_REC_H
#define HOST_CPU_REC_H

#include "kernel/host/cpu_raw.h"

/* Reads test/unit/cpus/NAME.rec: the result is that of cpu_raw_read on that CPU. */
void cpu_rec_read(const char *name, struct cpu_raw *raw);

/* An MSR of a synthetic CPU; makes it readable. */
uint64_t *cpu_rec_msr(struct cpu_raw *raw, uint32_t index);

#endif
