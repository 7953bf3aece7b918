/* SPDX-License-Identifier: BSD-2-Clause */
/* From the boot information to a page allocator and the host's own page tables. */
#ifndef KERNEL_HOST_MEMORY_H
#define KERNEL_HOST_MEMORY_H

#include "kernel/host/bootinfo.h"
#include "kernel/host/cpu_raw.h"
#include "kernel/host/pages.h"

/* NULL, or what is wrong. Says on the console what it found. */
const char *memory_init(const struct bootinfo *info, const struct cpu_raw *raw);

/* Available, for hosts and guests together; after memory_init, also if that failed. */
uint64_t memory_bytes(void);

/* Where other CPUs take their first steps: two pages below 640 KiB; 0: there are none. */
enum { MEMORY_LOW_SIZE = 2 * PAGE_SIZE };
uint64_t memory_low(void);

#endif
