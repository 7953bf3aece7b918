/* SPDX-License-Identifier: BSD-2-Clause */
/* MSRs that may not exist. Those that do: rdmsr and wrmsr of kernel/lib/x86.h. After trap_load. */
#ifndef KERNEL_HOST_MSR_H
#define KERNEL_HOST_MSR_H

#include <stdbool.h>
#include <stdint.h>

/* On #GP returns false, and *value is 0. */
bool msr_read_safe(uint32_t msr, uint64_t *value);

/* On #GP returns false, and nothing was written. */
bool msr_write_safe(uint32_t msr, uint64_t value);

#endif
