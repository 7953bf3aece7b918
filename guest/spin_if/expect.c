/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/spin_if/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_spin_if = {
	.name = "spin_if",
	.title = "an endless loop with interrupts on is ended by its budget",
	.regions = { GUEST_IMAGE_REGION(guest_spin_if_image) },
	.budget = 20 * 1000 * 1000,
	.needs_timer = true,
	.fatal = "not run: this machine cannot interrupt it",
	.expect = {
		.steps = { GUEST_STEPS_BEGIN },
		.end = { .kind = END_BUDGET },
	},
};
