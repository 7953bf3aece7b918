/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/shoot/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_shoot = {
	.name = "shoot",
	.title = "vCPUs write while others have their pages split, merged, protected, moved, unmapped",
	.vcpus = 2,
	.rounds = 200,
	.regions = {
		GUEST_IMAGE_REGION(guest_shoot_image),
		{ .name = "kept", .start = SHOOT_KEPT, .size = SHOOT_KEPT_PAGES * UINT64_C(4096) },
		{ .name = "lost", .start = SHOOT_LOST, .size = SHOOT_LOST_PAGES * UINT64_C(4096) },
		{ .name = "known", .start = SHOOT_KNOWN,
		  .size = SHOOT_VCPUS_MAX * UINT64_C(SHOOT_KNOWN_SIZE) },
	},
	.expect = { .end = { .kind = END_DONE } },
};
