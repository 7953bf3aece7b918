/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/step/layout.h"
#include "guest/guest.h"
#include "guest/events.h"
#include "guest/images.h"

const struct guest guest_step = {
	.name = "step",
	.title = "a guest that single-steps itself gets each #DB once",
	.regions = EVENTS_REGIONS(guest_step_image),
	.expect = {
		EVENTS_STEPS,
		.exits = { [EXIT_EXCEPTION] = STEP_DEBUGS, [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
