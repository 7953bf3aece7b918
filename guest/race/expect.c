/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/race/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_race = {
	.name = "race",
	.title = "vCPUs race for the first touch of the same pages",
	.vcpus = 2,
	.regions = {
		GUEST_IMAGE_REGION(guest_race_image),
		{ .name = "pages", .start = RACE_PAGES, .size = RACE_COUNT * UINT64_C(4096) },
	},
	.expect = {
		.mapped = GUEST_TABLES + 1 + RACE_COUNT,
		.end = { .kind = END_DONE },
	},
};
