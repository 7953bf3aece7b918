/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/stale/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_stale = {
	.name = "stale",
	.title = "a page is moved while another vCPU looks at it without an exit",
	.vcpus = 2,
	.untimed = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_stale_image),
		{ .name = "page", .start = STALE_PAGE, .size = 4096 },
	},
	.expect = {
		.mapped = GUEST_TABLES + 1 + 1,
		.end = { .kind = END_DONE },
	},
};
