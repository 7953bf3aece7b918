/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU state of a physical CPU. */
#ifndef KERNEL_HOST_CPU_H
#define KERNEL_HOST_CPU_H

#include "kernel/lib/must_check.h"

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
	/* Second, GS:8: an NMI came since tlb_enter_guest. The entry code tests it last. */
	uint64_t nmi_seen;
	unsigned number;
	uint32_t apic_id;
	void *arch;    /* the vendor's per-CPU data, while virtualization is enabled */
	uint64_t nmis; /* received */
	uint64_t nmis_sent, nmis_taken; /* nmi.c: sent by other CPUs; and received of those */

	/* smp.c, smp_start.c. */
	unsigned state;
	const char *unfit; /* why it must be left out, as found by itself; NULL: it can be used */
	void (*work)(struct cpu *cpu, void *arg); /* NULL: idle */
	void *work_arg;

	/* cpu.c. */
	struct guarded_stack *stacks; /* the normal one, then the emergency stacks (IST 1..) */
	uint64_t gdt[CPU_GDT_ENTRIES] __attribute__((aligned(16)));
	struct tss tss __attribute__((aligned(16)));
};

/* The calling CPU. Valid after cpu_load_descriptors. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The boot CPU's record, initially all zeroes except for its stacks. */
struct cpu *cpu_boot(void);

/* Allocates another CPU's record with its stacks, and unmaps their guards. NULL: no memory. */
MUST_CHECK struct cpu *cpu_new(void);

/* Only for the CPU that cpu_new returned last, if it has never run. */
void cpu_free(struct cpu *cpu);

/* The initial stack pointer. */
void *cpu_stack_top(const struct cpu *cpu);

/* On the CPU itself: loads its GDT and its TSS with the emergency stacks, and sets up
 * this_cpu. Call trap_load afterwards. */
void cpu_load_descriptors(struct cpu *cpu);

/* Sets EFER (NX), the PAT, CR0 and CR4 to the values that the host relies on. Needs the
 * features that preflight_host checks on the boot CPU. */
void cpu_enable_features(void);

/* Selectors in our GDT (cpu.c); vmx/ uses them for the host state. */
enum { SEL_CODE = 0x08, SEL_DATA = 0x10, SEL_TSS = 0x18 };

/* Bases for the VMCS's host-state area. */
uint64_t cpu_gdt_base(const struct cpu *cpu);
uint64_t cpu_tss_base(const struct cpu *cpu);

#endif
