/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/fep/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { PAGE = 4096 };

const struct guest guest_fep = {
	.name = "fep",
	.title = "accesses by the software of the hypervisor below",
	.needs_fep = true,
	.regions = {
		GUEST_IMAGE_REGION(guest_fep_image),
		{ .name = "stack", .start = FEP_STACK, .size = PAGE },
		{ .name = "pages", .start = FEP_PAGES_BASE, .size = FEP_PAGES * UINT64_C(4096) },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_READ, FEP_READ, 1, 0 },
			{ STEP_WRITE, FEP_WRITE, 1, 0 },

			{ STEP_WRITE, FEP_PROTECTED, 1, 0 },
			{ STEP_MEMORY + MEMORY_READ_ONLY, FEP_PROTECTED, 1, PAGE },
			{ STEP_WRITE, FEP_PROTECTED, 1, 0 },
			{ STEP_MEMORY + MEMORY_READ_ONLY, FEP_PROTECTED, 1, PAGE },
			{ STEP_WRITE, FEP_PROTECTED, 1, 0 },

			{ STEP_WRITE, FEP_FIRST, 1, 0 },
			{ STEP_WRITE, FEP_SECOND, 1, 0 },
			{ STEP_WRITE, FEP_STACK, 1, 0 },
			{ STEP_WRITE, FEP_COPY, 1, 0 },

			{ STEP_WRITE, FEP_CLEAN_READ, 1, 0 },
			{ STEP_MEMORY + MEMORY_CLEAN, FEP_CLEAN_READ, 1, PAGE },
			{ STEP_READ, FEP_CLEAN_READ, 1, 0 },
			{ STEP_READ, FEP_CLEAN_WRITTEN, 1, 0 },
			{ STEP_MEMORY + MEMORY_CLEAN, FEP_CLEAN_WRITTEN, 1, PAGE },
			{ STEP_WRITE, FEP_CLEAN_WRITTEN, 1, 0 },

			{ STEP_WRITE, FEP_MOVED, 1, 0 },
			{ STEP_MEMORY + MEMORY_MOVE, FEP_MOVED, 1, PAGE },
			{ STEP_READ, FEP_MOVED, 1, 0 },
		},
		.exits = { [EXIT_HYPERCALL] = FEP_CALLS + 1 },
		.end = { .kind = END_DONE },
	},
};
