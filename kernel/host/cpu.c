/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/cpu.h"

#include "kernel/host/mmu.h"
#include "kernel/host/stack.h"
#include "kernel/host/trap_frame.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"

_Static_assert(sizeof(struct tss) == 104, "SDM vol. 3A, 8.7");
_Static_assert(offsetof(struct cpu, self) == 0, "this_cpu");
_Static_assert(offsetof(struct cpu, nmi_seen) == 8, "vmx/enter.asm, svm/enter.asm");

struct descriptor_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

enum { TSS_AVAILABLE = 0x89, STACKS = 1 + TRAP_STACKS };

extern struct guarded_stack boot_stack[];
struct guarded_stack boot_stack[STACKS] GUARDED_STACK;

__asm__(".globl boot_stack_top\n.set boot_stack_top, boot_stack + 5 * 4096\n");
_Static_assert(sizeof(struct guarded_stack) == 5 * 4096, "boot_stack_top");

/* Each CPU gets a block of pages: stacks, then struct cpu. */
enum { CPU_BLOCK_ORDER = 5 };
_Static_assert(STACKS * sizeof(struct guarded_stack) + sizeof(struct cpu) <=
		       (size_t)PAGE_SIZE << CPU_BLOCK_ORDER,
	       "it has room for both");

struct cpu *cpu_boot(void)
{
	static struct cpu cpu;

	cpu.stacks = boot_stack;
	return &cpu;
}

struct cpu *cpu_new(void)
{
	uint64_t pfn = pages_alloc(CPU_BLOCK_ORDER, FRAME_HOST);
	struct guarded_stack *stacks = page_ptr(pfn);
	struct cpu *cpu = (struct cpu *)(stacks + STACKS);

	if (!pfn)
		return NULL;
	memset(cpu, 0, sizeof(*cpu));
	cpu->stacks = stacks;
	for (unsigned i = 0; i < STACKS; i++)
		mmu_unmap((uintptr_t)stacks[i].guard, (uintptr_t)stacks[i].stack);
	stacks_add(stacks, STACKS);
	return cpu;
}

void cpu_free(struct cpu *cpu)
{
	struct guarded_stack *stacks = cpu->stacks;

	stacks_drop();
	for (unsigned i = 0; i < STACKS; i++)
		mmu_map((uintptr_t)stacks[i].guard, (uintptr_t)stacks[i].stack, MMU_WRITE);
	pages_free((uintptr_t)stacks >> PAGE_SHIFT, CPU_BLOCK_ORDER, FRAME_HOST);
}

void *cpu_stack_top(const struct cpu *cpu)
{
	return cpu->stacks + 1;
}

uint64_t cpu_gdt_base(const struct cpu *cpu)
{
	return (uintptr_t)cpu->gdt;
}

uint64_t cpu_tss_base(const struct cpu *cpu)
{
	return (uintptr_t)&cpu->tss;
}

static void fill_descriptors(struct cpu *cpu)
{
	uint64_t base = (uintptr_t)&cpu->tss;

	for (unsigned i = 0; i < TRAP_STACKS; i++)
		cpu->tss.ist[i] = (uintptr_t)(&cpu->stacks[1 + i] + 1);
	cpu->tss.io_map = sizeof(cpu->tss);
	cpu->gdt[SEL_CODE / 8] = UINT64_C(0x00af9b000000ffff); /* 64-bit code, accessed */
	cpu->gdt[SEL_DATA / 8] = UINT64_C(0x00cf93000000ffff);
	cpu->gdt[SEL_TSS / 8] = (sizeof(cpu->tss) - 1) | (base & 0xffffff) << 16 |
				(uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
	cpu->gdt[SEL_TSS / 8 + 1] = base >> 32;
}

static void load_gdt(struct cpu *cpu)
{
	struct descriptor_pointer p = { sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt };

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

void cpu_load_descriptors(struct cpu *cpu)
{
	cpu->self = cpu;
	fill_descriptors(cpu);
	load_gdt(cpu);
	wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
}

/* Exact values, whatever the firmware left: bits that this code does not know, such as SMAP,
 * FSGSBASE or CET, change what instructions do. vmx/ and svm/ add what they need. SSE state
 * belongs to the guest: the host only saves and restores it (FXSAVE). */
void cpu_enable_features(void)
{
	wrmsr(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	wrmsr(MSR_PAT, MMU_PAT);
	write_cr0(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	write_cr4(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT);
}
