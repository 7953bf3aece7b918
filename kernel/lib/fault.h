/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deliberate bugs, which prove that the tests catch and report each of them. Some imitate
 * broken hardware (a CPU that does not start) that no emulator offers.
 * "make FAULT=host-null" builds one into build-fault/host-null by defining
 * FAULT_HOST_NULL as 1; "make list-faults" lists them, and "make faults" runs
 * them all.
 *
 * FAULT(HOST_NULL) is 1 in that build and 0 in all others. It is always a constant, so
 * the bug is always compiled and costs nothing. To add a fault, put FAULT(NAME) in a
 * condition in a .c file, and add a row to test/harness/fault_rows.py. It needs no
 * other declaration. In NASM, use %ifndef FAULT_NAME.
 */
#ifndef KERNEL_LIB_FAULT_H
#define KERNEL_LIB_FAULT_H

/*
 * If FAULT_X is 1, the paste inserts an extra argument and the second argument is 1;
 * otherwise it is 0.
 */
#define FAULT(name)		     FAULT_OF(FAULT_##name)
#define FAULT_OF(value)		     FAULT_PASTE(value)
#define FAULT_PASTE(value)	     FAULT_PICK(FAULT_COMMA_##value)
#define FAULT_PICK(comma)	     FAULT_SECOND(comma 1, 0, 0) /* NOLINT(bugprone-macro-parentheses) */
#define FAULT_SECOND(a, second, ...) second
#define FAULT_COMMA_1		     0,

/* Triggers the deliberate bug of the host itself, if this build has one: suite/crash.c. */
void fault_host(void);

#endif
