/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions and interrupts of the host itself. */
#ifndef KERNEL_HOST_TRAP_H
#define KERNEL_HOST_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds the IDT. */
void trap_init(void);

/* On each CPU, behind cpu_load_descriptors: from here on its exceptions, interrupts and NMIs come here. */
void trap_load(void);

/* The same without emergency stacks: for as long as the task register is not the host's,
 * since it says where they are. */
void trap_load_plain(void);

/* An exception's name, for reports. */
const char *trap_name(unsigned vector);

/* An MSR that may not exist: false on #GP, *value is 0 then. */
bool msr_read_safe(uint32_t msr, uint64_t *value);
/* False on #GP; nothing was written then. */
bool msr_write_safe(uint32_t msr, uint64_t value);

/*
 * In an asm statement: if the instruction at label from raises #GP, execution
 * goes on at label to.
 */
#define TRAP_FIXUP(from, to) \
	".pushsection .fixups, \"a\"\n\t.quad " from ", " to "\n\t.popsection\n\t"

/* From now on an NMI makes the CPU that gets it stop for ever: the end has come. */
void trap_stop_on_nmi(void);

/* An NMI in [start, end) goes on at to, in place of where it came. */
void trap_set_nmi_abort_range(const char *start, const char *end, const char *to);

/* The handler of a vector from VECTOR_FIRST_FREE on. Runs with interrupts off. */
typedef void interrupt_fn(void);
void trap_set_handler(uint8_t vector, interrupt_fn *fn);

#endif
