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

/* Loads an IDT without emergency stacks, for use while TR is not the host's: their addresses
 * are in its TSS. */
void trap_load_plain(void);

/* An exception's name, for reports. */
const char *trap_name(unsigned vector);

/* Reads an MSR that may not exist. On #GP returns false, and *value is 0. */
bool msr_read_safe(uint32_t msr, uint64_t *value);
/* Writes an MSR. On #GP returns false, and nothing was written. */
bool msr_write_safe(uint32_t msr, uint64_t value);

/*
 * For an asm statement: if the instruction at label from raises #GP, execution
 * continues at label to.
 */
#define TRAP_FIXUP(from, to) \
	".pushsection .fixups, \"a\"\n\t.quad " from ", " to "\n\t.popsection\n\t"

/* From now on, a CPU that receives an NMI halts for good. For a panic. */
void trap_stop_on_nmi(void);

/* An NMI that interrupts code in [start, end) returns to `to` instead. For vmx/. */
void trap_set_nmi_abort_range(const char *start, const char *end, const char *to);

/* Sets the handler of a vector >= VECTOR_FIRST_FREE, on all CPUs. Interrupts are off in fn. */
typedef void interrupt_fn(void);
void trap_set_handler(uint8_t vector, interrupt_fn *fn);

#endif
