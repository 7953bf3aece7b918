/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may see and do besides touching memory. Default deny: whatever is not in these
 * tables behaves as on a CPU that lacks it.
 */
#ifndef KERNEL_VM_POLICY_H
#define KERNEL_VM_POLICY_H

#include "kernel/lib/x86.h"
#include "kernel/vm/vcpu.h"

/* The first hypervisor leaf; this file has none of them. */
#define CPUID_HYPERVISOR 0x40000000u

/* CPUID as the guest sees it. */
struct cpuid_regs policy_cpuid(uint32_t leaf, uint32_t subleaf);

/* Intercepted RDMSR and WRMSR. False: #GP. */
bool policy_msr_read(const struct vcpu_state *state, uint32_t msr, uint64_t *value);
bool policy_msr_write(struct vcpu_state *state, uint32_t msr, uint64_t value);

/* MOV to a control register: updates *state, including EFER.LMA. False: #GP. */
bool policy_cr_write(struct vcpu_state *state, unsigned number, uint64_t value);
/* MOV from a control register. */
uint64_t policy_cr_read(const struct vcpu_state *state, unsigned number);

#endif
