/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of the log: see docs/log.md, "Head". */
#ifndef KERNEL_SUITE_HEAD_H
#define KERNEL_SUITE_HEAD_H

#include "kernel/host/bootinfo.h"
#include "kernel/host/smbios.h"
#include "kernel/suite/cmdline.h"
#include "kernel/vm/vmm_ops.h"

/* Keys words, seed, machine, l0. line: all words, separated by single blanks. */
void head_words(const char *line, const struct cmdline *cmdline);
/* Keys cpu, microcode, board, firmware, loader, below. */
void head_machine(const struct cpu_raw *raw, const struct bootinfo *info, firmware_see_fn *see);
void head_side(const char *side); /* "vmx" or "svm" */
void head_memory(uint64_t bytes);
/* count: CPUs in use. listed: CPUs that the firmware lists; 0: none. */
void head_cpus(unsigned count, unsigned listed);
void head_leaves(const struct vmm_gpt_caps *caps);

#endif
