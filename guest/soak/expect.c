/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/soak/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_soak = {
	.name = "soak",
	.title = "vCPUs read, write and execute while all is changed under them, for soak= seconds",
	.vcpus = GUEST_VCPUS_ALL,
	.vcpus_least = 2,
	.regions = {
		GUEST_IMAGE_REGION(guest_soak_image),
		{ .name = "kept", .start = SOAK_KEPT, .size = SOAK_KEPT_PAGES * UINT64_C(4096) },
		{ .name = "lost", .start = SOAK_LOST, .size = SOAK_LOST_PAGES * UINT64_C(4096) },
		{ .name = "known", .start = SOAK_KNOWN,
		  .size = SOAK_VCPUS_MAX * UINT64_C(SOAK_KNOWN_SIZE) },
	},
	.expect = { .end = { .kind = END_DONE } },
};
