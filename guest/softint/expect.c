/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/softint/layout.h"
#include "guest/guest.h"
#include "guest/events.h"
#include "guest/images.h"

const struct guest guest_softint = {
	.name = "softint",
	.title = "a guest's own INT n and INT3, over faults on their way too",
	.regions = EVENTS_REGIONS(guest_softint_image),
	.expect = {
		EVENTS_STEPS,
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
