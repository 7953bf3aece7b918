/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/spin/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

/* Both have the same layout, and differ in one instruction. */
#define SPIN(which, what)                                                        \
	{                                                                        \
		.name = #which, .title = "an endless loop with interrupts " what \
				      " is ended by its budget",                 \
		.regions = { GUEST_IMAGE_REGION(guest_##which##_image) },        \
		.budget = SPIN_BUDGET, .needs_timer = true,                      \
		.fatal = "not run: this machine cannot interrupt it",            \
		.expect = {                                                      \
			.steps = { GUEST_STEPS_BEGIN },                          \
			.end = { .kind = END_BUDGET },                           \
		},                                                               \
	}

enum { SPIN_BUDGET = 20 * 1000 * 1000 };

const struct guest guest_spin = SPIN(spin, "off");
const struct guest guest_spin_if = SPIN(spin_if, "on");
