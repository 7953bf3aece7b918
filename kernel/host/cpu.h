/* SPDX-License-Identifier: BSD-2-Clause */
/* A physical CPU: what belongs to it alone. */
#ifndef KERNEL_HOST_CPU_H
#define KERNEL_HOST_CPU_H

#include <stdint.h>

/* Task state segment: emergency stacks (SDM vol. 3A, 8.7). */
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

enum { CPU_GDT_ENTRIES = 5 };

struct cpu {
	struct cpu *self; /* first: GS:0, for this_cpu */
	uint64_t nmi_seen; /* second, GS:8: an NMI came since tlb_enter_guest; the entry code tests it */
	unsigned number;
	uint32_t apic_id;
	void *arch;    /* the vendor's part, while virtualization is enabled */
	uint64_t nmis; /* that came */
	uint64_t nmis_sent, nmis_taken; /* nmi.c: by others, and of them, those that came */

	/* smp.c, smp_start.c. */
	unsigned state;
	const char *unfit; /* why it cannot take part, as far as it knows itself */
	void (*work)(struct cpu *cpu, void *arg); /* NULL: it has nothing to do */
	void *work_arg;

	/* cpu.c. */
	struct guarded_stack *stacks; /* its own, then one for each emergency */
	uint64_t gdt[CPU_GDT_ENTRIES] __attribute__((aligned(16)));
	struct tss tss __attribute__((aligned(16)));
};

/* The CPU that asks; after cpu_load_descriptors. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The boot CPU's record, all zeroes but for its stacks. */
struct cpu *cpu_boot(void);

/* Another's, with stacks of its own. NULL: no memory. */
struct cpu *cpu_new(void);

/* It has never run, and is the one that was made last. */
void cpu_free(struct cpu *cpu);

/* Where its stack begins. */
void *cpu_stack_top(const struct cpu *cpu);

/* On the CPU itself: the descriptors it runs on (GDT, TSS with its emergency stacks),
 * and this_cpu. trap_load comes behind it. */
void cpu_load_descriptors(struct cpu *cpu);

/* NX, the PAT, and the control registers as the rest counts on them. The CPU
 * has passed preflight_host. */
void cpu_enable_features(void);

/* Selectors in our GDT (cpu.c); the vendors load host state from them. */
enum { SEL_CODE = 0x08, SEL_DATA = 0x10, SEL_TSS = 0x18 };

/* Bases that a VM exit restores. */
uint64_t cpu_gdt_base(const struct cpu *cpu);
uint64_t cpu_idt_base(void);
uint64_t cpu_tss_base(const struct cpu *cpu);

#endif
