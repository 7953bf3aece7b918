/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who called whom, with names. Reads nothing but the guarded stacks, so it can
 * be used when everything else is in doubt.
 */
#ifndef KERNEL_HOST_BACKTRACE_H
#define KERNEL_HOST_BACKTRACE_H

#include "kernel/host/trap_frame.h"

#include <stdbool.h>

/* Prints the way to where the frame is. called: its rip is a return address. */
void backtrace(const struct trap_frame *frame, bool called);

/* Whether address is in the guard page below a stack. */
bool is_stack_guard(uint64_t address);

/* What the host has at an address, in words; NULL: nothing special. */
const char *what_is_at(uint64_t address);

#endif
