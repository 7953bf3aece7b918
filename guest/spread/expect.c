/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/spread/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_spread = {
	.name = "spread",
	.title = "vCPUs touch pages side by side, each its own, and what a fault costs then",
	.vcpus = GUEST_VCPUS_ALL,
	.needs_pages = SPREAD_COUNT + SPREAD_COUNT / 64, /* tables, other records of the host */
	.regions = {
		GUEST_IMAGE_REGION(guest_spread_image),
		{ .name = "pages", .start = SPREAD_PAGES, .size = SPREAD_COUNT * UINT64_C(4096) },
	},
	.values = { { "fault", "ticks" } },
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, SPREAD_PAGES, SPREAD_COUNT, 4096 },
		},
		.exits = { [EXIT_HYPERCALL] = 2 },
		.mapped = GUEST_TABLES + 1 + SPREAD_COUNT,
		.end = { .kind = END_DONE },
	},
};
