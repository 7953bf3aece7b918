/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/fep_rmw/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_fep_rmw = {
	.name = "fep_rmw",
	.title = "reads and writes at once by the software of the hypervisor below",
	.needs_fep = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_fep_rmw_image),
		{ .name = "stack", .start = FEP_RMW_STACK, .size = 4096 },
		{ .name = "pages", .start = FEP_RMW_PAGES, .size = FEP_RMW_COUNT * UINT64_C(4096) },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, FEP_RMW_PAGES, FEP_RMW_COUNT, 4096 },
		},
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
