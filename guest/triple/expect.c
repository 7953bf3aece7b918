/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/triple/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_triple = {
	.name = "triple",
	.title = "a triple fault ends the guest, and not the machine",
	.regions = { GUEST_IMAGE_REGION(guest_triple_image) },
	.fatal = "not run: here a guest's triple fault ends the machine",
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
		},
		.exits = { [EXIT_TRIPLE_FAULT] = 1 },
		.end = { .kind = END_TRIPLE_FAULT },
	},
};
