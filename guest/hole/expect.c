/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/hole/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_hole = {
	.name = "hole",
	.title = "an access to nothing ends the guest",
	.regions = {
		GUEST_IMAGE_REGION(guest_hole_image),
		{ .name = "hole", .kind = REGION_HOLE, .start = HOLE_BASE, .size = HOLE_SIZE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_READ, HOLE_TARGET, 1, 0 },
		},
		.end = { .kind = END_HOLE, .access = ACCESS_READ, .gpa = HOLE_TARGET },
	},
};
