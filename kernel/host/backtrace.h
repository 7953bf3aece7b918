/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Backtraces with function names. Reads only the guarded stacks and the kernel's text and
 * symbols, so it can be used when everything else is in doubt.
 */
#ifndef KERNEL_HOST_BACKTRACE_H
#define KERNEL_HOST_BACKTRACE_H

#include "kernel/host/trap_frame.h"

#include <stdbool.h>

/* Prints the call chain that led to frame. called: its rip is a return address. */
void backtrace(const struct trap_frame *frame, bool called);

/* Is address in the guard page below a stack? */
bool is_stack_guard(uint64_t address);

/* Describes what the host has at address; NULL: nothing special. */
const char *what_is_at(uint64_t address);

#endif
