/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/kicks1g/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

/* A 64th more, for tables and other records of the host. */
enum { KICKS_NEEDS = KICKS_COUNT + KICKS_COUNT / 64 };

const struct guest guest_kicks1g = {
	.name = "kicks1g",
	.title = "what a write-protection of 1 GiB costs while other vCPUs are in the guest",
	.vcpus = GUEST_VCPUS_ALL,
	.vcpus_least = 2,
	.needs_pages = KICKS_NEEDS,
	.budget = GUEST_BUDGET << 4, /* its hypercall may take half a minute on an emulator */
	.regions = {
		GUEST_IMAGE_REGION(guest_kicks1g_image),
		{ .name = "pages", .start = KICKS_PAGES, .size = KICKS_COUNT * UINT64_C(4096) },
	},
	.values = { { "write-protect-262144", "ticks" } },
	.expect = {
		.mapped = GUEST_TABLES + 2 + KICKS_COUNT,
		.end = { .kind = END_DONE },
	},
};
