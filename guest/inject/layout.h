/* SPDX-License-Identifier: BSD-2-Clause */
/* image: tables, code, a page of stubs, the IDTs; the stacks. See events.inc. */
#define IMAGE_SIZE 0xa000
#define EVENTS_STUBS 0x104000
#define EVENTS_IDTS 0x105000
#define EVENTS_STACKS 0x400000
#define EVENTS_SETS 5
/* Requests accepted and refused; interrupts that wait for STI, and that end HLT. */
#define INJECT_ASKED 12
#define INJECT_REFUSED 7
#define INJECT_WINDOWS 1
#define INJECT_HALTS 1
