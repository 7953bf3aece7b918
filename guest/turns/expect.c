/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/turns/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_turns = {
	.name = "turns",
	.title = "two address spaces take turns on one CPU, with other content at the same addresses",
	.copies = 2,
	.slice = TURNS_SLICE,
	.rounds = 200,
	.needs_timer = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_turns_image),
		{ .name = "pages", .start = TURNS_PAGES,
		  .size = TURNS_COUNT * UINT64_C(4096) },
	},
	.expect = {
		.mapped = GUEST_TABLES + 1 + TURNS_COUNT,
		.end = { .kind = END_DONE },
	},
};
