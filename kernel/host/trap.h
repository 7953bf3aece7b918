/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions and interrupts of the host itself. */
#ifndef KERNEL_HOST_TRAP_H
#define KERNEL_HOST_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds the IDT. */
void trap_init(void);

/* On each CPU, after cpu_load_descriptors: loads the IDT. */
void trap_load(void);

/* Where that is, for the VMCS. */
uint64_t trap_idt_base(void);

/* Loads an IDT without emergency stacks, for use while TR is not the host's: their addresses
 * are in its TSS. */
void trap_load_plain(void);

/* An exception's name, for reports. */
const char *trap_name(unsigned vector);

/*
 * For an asm statement: if the instruction at label from raises #GP, execution
 * continues at label to.
 */
#define TRAP_FIXUP(from, to) \
	".pushsection .fixups, \"a\"\n\t.quad " from ", " to "\n\t.popsection\n\t"

/* From now on, a CPU that receives an NMI halts for good. For a panic. */
void trap_stop_on_nmi(void);

/* fn is called for each NMI, on the CPU that got it, as an NMI: it takes no lock. */
struct cpu;
typedef void nmi_fn_t(struct cpu *cpu);
void trap_set_nmi_handler(nmi_fn_t *fn);

/* An NMI that interrupts code in [start, end) returns to `to` instead. For vmx/. */
void trap_set_nmi_abort_range(const char *start, const char *end, const char *to);

/* Sets the handler of a vector >= VECTOR_FIRST_FREE, on all CPUs. Interrupts are off in fn. */
typedef void interrupt_fn(void);
void trap_set_handler(uint8_t vector, interrupt_fn *fn);

#endif
