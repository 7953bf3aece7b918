/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/noexec/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_noexec = {
	.name = "noexec",
	.title = "data can be written and read, and not executed",
	.regions = {
		GUEST_IMAGE_REGION(guest_noexec_image),
		{ .name = "data", .kind = REGION_DATA, .start = NOEXEC_BASE, .size = NOEXEC_SIZE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, NOEXEC_TARGET, 1, 0 },
			{ STEP_EXEC, NOEXEC_TARGET, 1, 0 }, /* ends it */
		},
		.end = { .kind = END_DENIED, .access = ACCESS_EXEC, .gpa = NOEXEC_TARGET,
			 .mapped = true },
	},
};
