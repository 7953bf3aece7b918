/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/guest.h"
#include "guest/hello/layout.h"
#include "guest/images.h"

const struct guest guest_hello = {
	.name = "hello",
	.title = "port output, CPUID, hypercalls",
	.regions = { GUEST_IMAGE_REGION(guest_hello_image) },
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
		},
		.exits = {
			[EXIT_IO] = sizeof(HELLO_TEXT "\n") - 1,
			[EXIT_CPUID] = 1,
			[EXIT_HYPERCALL] = 2,
		},
		.end = { .kind = END_DONE },
		.output = HELLO_TEXT "\n",
	},
};
