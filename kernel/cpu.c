/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/cpu.h"

#include "gpt/vmm_gpt.h"
#include "kernel/stack.h"
#include "kernel/string.h"
#include "kernel/trap.h"
#include "kernel/trap_frame.h"
#include "kernel/x86.h"

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3A, 8.7");

struct descriptor_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

enum { GDT_ENTRIES = 5, TSS_AVAILABLE = 0x89 };

static uint64_t gdt[GDT_ENTRIES] __attribute__((aligned(16))) = {
	[SEL_CODE / 8] = UINT64_C(0x00af9b000000ffff), /* 64-bit code, accessed */
	[SEL_DATA / 8] = UINT64_C(0x00cf93000000ffff),
};
static struct tss tss __attribute__((aligned(16)));

extern struct guarded_stack boot_stack[];
struct guarded_stack boot_stack[1] GUARDED_STACK;
static struct guarded_stack emergency[TRAP_STACKS] GUARDED_STACK;

__asm__(".globl boot_stack_top\n.set boot_stack_top, boot_stack + 5 * 4096\n");
_Static_assert(sizeof(struct guarded_stack) == 5 * 4096, "boot_stack_top");

uint64_t cpu_gdt_base(const struct cpu *cpu)
{
	(void)cpu;
	return (uintptr_t)gdt;
}

uint64_t cpu_tss_base(const struct cpu *cpu)
{
	(void)cpu;
	return (uintptr_t)&tss;
}

static void load_gdt(void)
{
	struct descriptor_pointer p = { sizeof(gdt) - 1, (uintptr_t)gdt };
	uint64_t base = (uintptr_t)&tss;

	for (unsigned i = 0; i < TRAP_STACKS; i++)
		tss.ist[i] = (uintptr_t)(&emergency[i] + 1);
	tss.io_map = sizeof(tss);
	gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 |
			   (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%ss\n\t"
			 "ltr %3"
			 :
			 : "m"(p), "i"(SEL_CODE), "i"(SEL_DATA), "r"((uint16_t)SEL_TSS)
			 : "rax", "memory");
}

void cpu_init(struct cpu *cpu)
{
	memset(cpu, 0, sizeof(*cpu));
	load_gdt();
	trap_load();
}

void cpu_set_up(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	wrmsr(MSR_PAT, VMM_GPT_PAT);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS | CR0_CD | CR0_NW)) | CR0_WP | CR0_NE | CR0_MP);
	/* SSE is the guest's: the host only saves and restores it (FXSAVE). */
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
}
