/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/inject/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { CODE_PAGES = (EVENTS_IDTS - GUEST_ENTRY) / 4096 };

_Static_assert(EVENTS_IDTS + EVENTS_SETS * 4096 == GUEST_IMAGE + IMAGE_SIZE, "the IDTs are last");

const struct guest guest_inject = {
	.name = "inject",
	.title = "events reach the guest once each, over faults on their way too",
	.regions = {
		GUEST_IMAGE_REGION(guest_inject_image),
		{ .name = "stacks", .start = EVENTS_STACKS, .size = EVENTS_SETS * UINT64_C(4096) },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_EXEC, GUEST_ENTRY, CODE_PAGES, 4096 },
			{ STEP_READ, EVENTS_IDTS, EVENTS_SETS, 4096 },
			{ STEP_WRITE, EVENTS_STACKS, EVENTS_SETS, 4096 },
		},
		.exits = {
			[EXIT_HYPERCALL] = INJECT_ASKED + INJECT_REFUSED + 1,
			[EXIT_WINDOW] = INJECT_WINDOWS,
			[EXIT_HLT] = INJECT_HALTS,
		},
		.end = { .kind = END_DONE },
	},
};
