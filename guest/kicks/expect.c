/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/kicks/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_kicks = {
	.name = "kicks",
	.title = "what a write-protection costs while other vCPUs are in the guest",
	.vcpus = GUEST_VCPUS_ALL,
	.vcpus_least = 2,
	.regions = {
		GUEST_IMAGE_REGION(guest_kicks_image),
		{ .name = "pages", .start = KICKS_PAGES, .size = KICKS_COUNT * UINT64_C(4096) },
	},
	.values = {
		{ "no-change", "ticks" },
		{ "write-protect-1", "ticks" }, /* number of pages */
		{ "write-protect-512", "ticks" },
	},
	.expect = {
		.mapped = GUEST_TABLES + 1 + KICKS_COUNT,
		.end = { .kind = END_DONE },
	},
};
