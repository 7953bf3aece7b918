/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/cost/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_cost = {
	.name = "cost",
	.title = "what an exit and a page cost",
	.regions = {
		GUEST_IMAGE_REGION(guest_cost_image),
		{ .name = "ram", .start = COST_BASE, .size = COST_PAGES * UINT64_C(4096) },
	},
	.values = {
		[COST_VALUE_CPUID] = { "cpuid", "ticks" },
		[COST_VALUE_PAGE] = { "first-write", "ticks" },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, COST_BASE, COST_PAGES, 4096 },
		},
		.exits = { [EXIT_CPUID] = COST_ROUNDS, [EXIT_HYPERCALL] = 3 },
		.end = { .kind = END_DONE },
	},
};
