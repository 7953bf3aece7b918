/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/fetch/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { PAGE = 4096 };

const struct guest guest_fetch = {
	.name = "fetch",
	.title = "memory that is both data and code, in large leaves or split for it",
	.regions = {
		GUEST_IMAGE_REGION(guest_fetch_image),
		{ .name = "stack", .start = FETCH_STACK, .size = PAGE },
		{ .name = "code", .start = FETCH_CODE, .size = FETCH_CODE_SIZE },
		{ .name = "rom", .kind = REGION_ROM, .start = FETCH_ROM, .size = FETCH_ROM_SIZE,
		  .image = guest_fetch_image + IMAGE_SIZE, .image_size = PAGE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, FETCH_STACK, 1, 0 },
			{ STEP_WRITE, FETCH_CODE, FETCH_PAGES, FETCH_STEP },
			{ STEP_EXEC, FETCH_CODE, FETCH_PAGES, FETCH_STEP },
			{ STEP_WRITE, FETCH_CODE + FETCH_PAGES * FETCH_STEP, 1, 0 },
			{ STEP_WRITE, FETCH_FAR, 1, 0 },
			{ STEP_READ, FETCH_FAR + PAGE, 1, 0 },
			{ STEP_EXEC, FETCH_FAR, 1, 0 },
			{ STEP_MEMORY + MEMORY_MERGE, FETCH_FAR, 1, PAGE },
			{ STEP_EXEC, FETCH_FAR, 1, 0 },
			{ STEP_EXEC, FETCH_ROM, 1, 0 },
			{ STEP_READ, FETCH_ROM + FETCH_STEP, 1, 0 },
		},
		.exits = { [EXIT_HYPERCALL] = 2 },
		.end = { .kind = END_DONE },
	},
};
