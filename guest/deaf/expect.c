/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/deaf/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_deaf = {
	.name = "deaf",
	.title = "a page is moved, often, while another vCPU looks at it with interrupts off",
	.vcpus = 2,
	.untimed = true,
	.fatal = "not run: this machine cannot interrupt it",
	.regions = {
		GUEST_IMAGE_REGION(guest_deaf_image),
		{ .name = "page", .start = DEAF_PAGE, .size = 4096 },
	},
	.expect = {
		.mapped = GUEST_TABLES + 1 + 1,
		.end = { .kind = END_DONE },
	},
};
