/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/wander/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_wander = {
	.name = "wander",
	.title = "a vCPU goes from CPU to CPU, and its memory changes wherever it is",
	.wanders = true,
	.rounds = WANDER_ROUNDS,
	.regions = {
		GUEST_IMAGE_REGION(guest_wander_image),
		{ .name = "kept", .start = WANDER_KEPT,
		  .size = WANDER_KEPT_COUNT * UINT64_C(4096) },
		{ .name = "lost", .start = WANDER_LOST,
		  .size = WANDER_LOST_COUNT * UINT64_C(4096) },
	},
	.expect = {
		/* One at the first entry. In each round, one after each of the two changes,
		 * and one on the next CPU, because of the changes on this one. */
		.flushes = 1 + 3 * WANDER_ROUNDS,
		.end = { .kind = END_DONE },
	},
};
