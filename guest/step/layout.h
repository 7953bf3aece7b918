/* SPDX-License-Identifier: BSD-2-Clause */
/* image: tables, code, a page of stubs, the IDTs; the stacks. See events.inc. */
#define IMAGE_SIZE 0x7000
#define EVENTS_STUBS 0x104000
#define EVENTS_IDTS 0x105000
#define EVENTS_STACKS 0x400000
#define EVENTS_SETS 2
#define STEP_DEBUGS 3
