/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/large/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { PAGE = 4096, LARGE = 2 << 20 };

const struct guest guest_large = {
	.name = "large",
	.title = "memory that is split, merged, protected, moved and unmapped under it",
	.regions = {
		GUEST_IMAGE_REGION(guest_large_image),
		{ .name = "low", .start = LARGE_LOW, .size = LARGE_LOW_SIZE },
		{ .name = "rom", .kind = REGION_ROM, .start = LARGE_ROM, .size = LARGE_ROM_SIZE,
		  .image = guest_large_image + IMAGE_SIZE, .image_size = LARGE_ROM_PAGES * PAGE },
		{ .name = "giant", .start = LARGE_GIANT, .size = LARGE_GIANT_SIZE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, LARGE_LOW, 1, 0 },
			{ STEP_WRITE, LARGE_A_WRITTEN, 1, 0 },
			{ STEP_READ, LARGE_A_READ, 1, 0 },
			{ STEP_READ, LARGE_B_BEHIND, 1, 0 },
			{ STEP_READ, LARGE_TAIL, 1, 0 },

			{ STEP_MEMORY + MEMORY_SPLIT, LARGE_A_WRITTEN, 1, PAGE },
			{ STEP_MEMORY + MEMORY_CLEAN, LARGE_A, 1, LARGE },
			{ STEP_WRITE, LARGE_A_AGAIN, 1, 0 },
			{ STEP_READ, LARGE_A_LOOK, 1, 0 },

			{ STEP_MEMORY + MEMORY_READ_ONLY, LARGE_A_AGAIN, 2, PAGE },
			{ STEP_WRITE, LARGE_A_AGAIN, 1, 0 },
			{ STEP_MEMORY + MEMORY_MERGE, LARGE_A, 1, PAGE },
			{ STEP_WRITE, LARGE_A_LOOK, 1, 0 },
			{ STEP_MEMORY + MEMORY_MERGE, LARGE_A, 1, PAGE },
			{ STEP_MEMORY + MEMORY_READ_ONLY, LARGE_A, 1, LARGE },
			{ STEP_WRITE, LARGE_A_WRITTEN, 1, 0 },
			{ STEP_WRITE, LARGE_A_AGAIN, 1, 0 },

			{ STEP_WRITE, LARGE_A_CODE, 1, 0 },
			{ STEP_EXEC, LARGE_A_CODE, 1, 0 },
			{ STEP_MEMORY + MEMORY_MOVE, LARGE_A, 1, LARGE },
			{ STEP_WRITE, LARGE_A_CODE, 1, 0 },
			{ STEP_EXEC, LARGE_A_CODE, 1, 0 },
			{ STEP_READ, LARGE_A_AGAIN, 1, 0 },
			{ STEP_READ, LARGE_A_WRITTEN, 1, 0 },
			{ STEP_READ, LARGE_A_READ, 1, 0 },

			{ STEP_WRITE, LARGE_B_BEFORE, 2, LARGE_B_GONE - LARGE_B_BEFORE },
			{ STEP_MEMORY + MEMORY_UNMAP, LARGE_B_GONE, 1, LARGE_B_GONE_SIZE },
			{ STEP_READ, LARGE_B_GONE, 1, 0 },
			{ STEP_MEMORY + MEMORY_CLEAN, LARGE_B, 1, LARGE },
			{ STEP_WRITE, LARGE_B_BEHIND, 1, 0 },

			{ STEP_READ, LARGE_ROM, LARGE_ROM_PAGES, PAGE },
			{ STEP_READ, LARGE_ROM + LARGE_ROM_SIZE - PAGE, 1, 0 },

			{ STEP_WALK, LARGE_PD, 1, 0 },
			{ STEP_WRITE, LARGE_GIANT, LARGE_GIANT_PAGES, LARGE_GIANT_STEP },
			{ STEP_MEMORY + MEMORY_SPLIT, LARGE_GIANT + LARGE_GIANT_STEP, 1, PAGE },
			{ STEP_MEMORY + MEMORY_MERGE, LARGE_GIANT + LARGE_GIANT_STEP, 1, PAGE },
			{ STEP_MEMORY + MEMORY_UNMAP, LARGE_GIANT_GONE, 1, LARGE_GIANT_GONE_SIZE },
			{ STEP_READ, LARGE_GIANT_GONE, 1, 0 },
			{ STEP_READ, LARGE_GIANT, 1, 0 },
		},
		.exits = { [EXIT_CPUID] = 3, [EXIT_HYPERCALL] = LARGE_CALLS + 1 },
		.end = { .kind = END_DONE },
	},
};
