/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deliberate bugs, to see that each is caught and reported as what it is; some are
 * of hardware (a CPU that does not start), which no emulator can be told to have.
 * "make FAULT=host-null" builds one into build-fault/host-null, by defining
 * FAULT_HOST_NULL as 1; "make list-faults" lists all, and "make faults" tries
 * them.
 *
 * FAULT(HOST_NULL) is then 1, in all other builds 0: a constant either way, so
 * that the bug is always compiled and costs nothing. A fault is marked where it
 * is made, in one .c file, by FAULT(NAME) in a condition, and needs no other
 * declaration, but a row in test/harness/fault_rows.py. In NASM: %ifndef FAULT_NAME.
 */
#ifndef KERNEL_LIB_FAULT_H
#define KERNEL_LIB_FAULT_H

/* What is 1 puts a comma in front, and so a 1 into second place; what is not defined does not. */
#define FAULT(name)		    FAULT_OF(FAULT_##name)
#define FAULT_OF(value)		    FAULT_PASTE(value)
#define FAULT_PASTE(value)	    FAULT_PICK(FAULT_COMMA_##value)
#define FAULT_PICK(comma)	    FAULT_SECOND(comma 1, 0, 0) /* NOLINT(bugprone-macro-parentheses) */
#define FAULT_SECOND(a, second, ...) second
#define FAULT_COMMA_1		    0,

/* The faults of the host itself: fault.c. Returns if there is none. */
void fault_host(void);

#endif
