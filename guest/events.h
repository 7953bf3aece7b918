/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The accesses that events.inc makes: the code with its page of stubs; the IDTs, each
 * first read by an event's delivery; as many stacks, each first written by it.
 * For the guest's expect.c; include layout.h first.
 */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#define EVENTS_CODE_PAGES ((EVENTS_IDTS - GUEST_ENTRY) / 4096)

_Static_assert(EVENTS_IDTS + EVENTS_SETS * 4096 == GUEST_IMAGE + IMAGE_SIZE, "the IDTs are last");

#define EVENTS_REGIONS(image_)                                                          \
	{                                                                               \
		GUEST_IMAGE_REGION(image_),                                             \
		{ .name = "stacks", .start = EVENTS_STACKS,                             \
		  .size = EVENTS_SETS * UINT64_C(4096) },                               \
	}

/* For a struct guest_expect. */
#define EVENTS_STEPS                                                                    \
	.steps = {                                                                      \
		GUEST_STEPS_BEGIN,                                                      \
		{ STEP_EXEC, GUEST_ENTRY, EVENTS_CODE_PAGES, 4096 },                    \
		{ STEP_READ, EVENTS_IDTS, EVENTS_SETS, 4096 },                          \
		{ STEP_WRITE, EVENTS_STACKS, EVENTS_SETS, 4096 },                       \
	}

#endif
