/* SPDX-License-Identifier: BSD-2-Clause */
/* What a CPU is called, for the log's head. Pure: host tests feed it. */
#ifndef KERNEL_HOST_CPU_WORDS_H
#define KERNEL_HOST_CPU_WORDS_H

#include "kernel/host/cpu_raw.h"

#include <stddef.h>

/* "VENDOR family F model M stepping S, BRAND". */
void cpu_words_name(const struct cpu_raw *raw, char *words, size_t size);

/* The hypervisor below, with its version where it tells one; "none". */
void cpu_words_below(const struct cpu_raw *raw, char *words, size_t size);

#endif
