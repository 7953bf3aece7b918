/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/foreign/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_foreign = {
	.name = "foreign",
	.title = "the other vendor's hypercall is none here",
	.regions = {
		GUEST_IMAGE_REGION(guest_foreign_image),
		{ .name = "stack", .start = FOREIGN_STACK, .size = 4096 },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, FOREIGN_STACK, 1, 0 }, /* by the exception */
		},
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
