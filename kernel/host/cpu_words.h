/* SPDX-License-Identifier: BSD-2-Clause */
/* A CPU's name, for the log's head. Pure, so that host tests can feed it. */
#ifndef KERNEL_HOST_CPU_WORDS_H
#define KERNEL_HOST_CPU_WORDS_H

#include "kernel/host/cpu_raw.h"

#include <stddef.h>

/* "VENDOR family F model M stepping S, BRAND". */
void cpu_words_name(const struct cpu_raw *raw, char *words, size_t size);

/* The hypervisor below, with its version if known; or "none". */
void cpu_words_below(const struct cpu_raw *raw, char *words, size_t size);

#endif
