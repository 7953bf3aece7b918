/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/fep_walk/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { PAGE = 4096 };

const struct guest guest_fep_walk = {
	.name = "fep_walk",
	.title = "walks of the guest's tables by the software of the hypervisor below",
	.needs_fep = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_fep_walk_image),
		{ .name = "stack", .start = FEP_WALK_STACK, .size = PAGE },
		{ .name = "page", .start = FEP_WALK_PAGE, .size = PAGE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WALK, FEP_WALK_PD, 2, PAGE },
			{ STEP_WRITE, FEP_WALK_PAGE, 1, 0 },

			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PD, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PD, 1, 0 },
			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PT, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PT, 1, 0 },
			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PT, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PT, 1, 0 },

			{ STEP_WRITE, FEP_WALK_PT, 1, 0 },
			{ STEP_MEMORY + MEMORY_READ_ONLY, FEP_WALK_PT, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PT, 1, 0 },

			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PT, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PT, 1, 0 },
			{ STEP_READ, FEP_WALK_PAGE, 1, 0 },
			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PAGE, 1, PAGE },
			{ STEP_WRITE, FEP_WALK_PAGE, 1, 0 },

			{ STEP_MEMORY + MEMORY_UNMAP, FEP_WALK_PD, 1, PAGE },
			{ STEP_WALK, FEP_WALK_PD, 1, 0 },
		},
		.exits = { [EXIT_HYPERCALL] = FEP_WALK_CALLS + 1 },
		.end = { .kind = END_DONE },
	},
};
