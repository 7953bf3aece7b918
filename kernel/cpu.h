/* SPDX-License-Identifier: BSD-2-Clause */
/* A physical CPU: what belongs to it alone. */
#ifndef KERNEL_CPU_H
#define KERNEL_CPU_H

#include "kernel/tlb.h"

#include <stdint.h>

struct cpu {
	struct tlb_cpu tlb;
	unsigned number;
	void *arch;		   /* the vendor's part, while virtualization is enabled */
};

/* The descriptors a CPU runs on: GDT, TSS with its emergency stacks, IDT. */
void cpu_init(struct cpu *cpu);

/* NX, the PAT, and the control registers as the rest counts on them. The CPU
 * has passed preflight_host. */
void cpu_set_up(void);

/* Selectors in our GDT (cpu.c); the vendors load host state from them. */
enum { SEL_CODE = 0x08, SEL_DATA = 0x10, SEL_TSS = 0x18 };

/* Bases that a VM exit restores. */
uint64_t cpu_gdt_base(const struct cpu *cpu);
uint64_t cpu_idt_base(void);
uint64_t cpu_tss_base(const struct cpu *cpu);

#endif
