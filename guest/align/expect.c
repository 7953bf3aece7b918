/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/align/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_align = {
	.name = "align",
	.title = "an alignment check that is delivered for ever is ended by its budget",
	.mode = GUEST_REAL16,
	.regions = {
		GUEST_REAL_IMAGE_REGION(guest_align_image),
		{ .name = "stack", .start = ALIGN_STACK, .size = 4096 },
	},
	.budget = 20 * 1000 * 1000,
	.needs_timer = true,
	.expect = {
		.steps = {
			{ STEP_EXEC, GUEST_REAL_ENTRY, 1, 0 },
			{ STEP_WRITE, GUEST_REAL_ENTRY, 1, 0 },
			{ STEP_WRITE, ALIGN_STACK, 1, 0 },
		},
		.exits = { [EXIT_CR] = 1 },
		.optional = { [EXIT_EXCEPTION] = UINT64_MAX },
		.end = { .kind = END_BUDGET },
	},
};
