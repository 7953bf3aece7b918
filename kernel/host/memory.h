/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets up the host's page tables and the page allocator from the boot information. */
#ifndef KERNEL_HOST_MEMORY_H
#define KERNEL_HOST_MEMORY_H

#include "kernel/host/bootinfo.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/host/pages.h"
#include "kernel/lib/must_check.h"

/* Returns NULL, or what is wrong. Logs what it found. */
MUST_CHECK const char *memory_init(const struct bootinfo *info, const struct cpu_raw *raw);

/* Usable memory, for host and guests together. Valid after memory_init, even if it failed. */
uint64_t memory_bytes(void);

/* Address of two pages below 640 KiB where other CPUs start; 0: none. */
enum { MEMORY_LOW_SIZE = 2 * PAGE_SIZE };
uint64_t memory_low(void);

#endif
