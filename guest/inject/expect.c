/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/inject/layout.h"
#include "guest/guest.h"
#include "guest/events.h"
#include "guest/images.h"

const struct guest guest_inject = {
	.name = "inject",
	.title = "events reach the guest once each, over faults on their way too",
	.regions = EVENTS_REGIONS(guest_inject_image),
	.expect = {
		EVENTS_STEPS,
		.exits = {
			[EXIT_HYPERCALL] = INJECT_ASKED + INJECT_REFUSED + 1,
			[EXIT_WINDOW] = INJECT_WINDOWS,
			[EXIT_HLT] = INJECT_HALTS,
		},
		.end = { .kind = END_DONE },
	},
};
