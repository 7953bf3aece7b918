/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may see and do beside touching memory. Default deny: what is
 * not in these tables answers as on a CPU that does not have it.
 */
#ifndef KERNEL_VM_POLICY_H
#define KERNEL_VM_POLICY_H

#include "kernel/vm/vcpu.h"
#include "kernel/lib/x86.h"

/* From here on a hypervisor's leaves; this file has none. */
#define CPUID_HYPERVISOR 0x40000000u

/* CPUID as the guest sees it. */
struct cpuid_regs policy_cpuid(uint32_t leaf, uint32_t subleaf);

/* RDMSR and WRMSR that were intercepted. False: #GP. */
bool policy_msr_read(const struct vcpu_state *state, uint32_t msr, uint64_t *value);
bool policy_msr_write(struct vcpu_state *state, uint32_t msr, uint64_t value);

/* MOV to a control register: *state is as it becomes, EFER.LMA with it. False: #GP. */
bool policy_cr_write(struct vcpu_state *state, unsigned number, uint64_t value);
/* MOV from one. */
uint64_t policy_cr_read(const struct vcpu_state *state, unsigned number);

#endif
