/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/regs/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_regs = {
	.name = "regs",
	.title = "registers begin as nobody's, and stay over exits",
	.regions = {
		GUEST_IMAGE_REGION(guest_regs_image),
		{ .name = "page", .start = REGS_PAGE, .size = 4096 },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, REGS_PAGE, 1, 0 },
		},
		.exits = { [EXIT_IO] = 1, [EXIT_HYPERCALL] = 1 + 1 },
		.end = { .kind = END_DONE },
	},
};
