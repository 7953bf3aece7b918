/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/fep_hole/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_fep_hole = {
	.name = "fep_hole",
	.title = "an access by the software below where nothing is, and its whole address",
	.needs_fep = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_fep_hole_image),
		{ .name = "stack", .start = FEP_HOLE_STACK, .size = 4096 },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, FEP_HOLE_TARGET, 1, 0 }, /* ends it */
		},
		.end = { .kind = END_HOLE, .access = ACCESS_WRITE, .gpa = FEP_HOLE_TARGET },
	},
};
