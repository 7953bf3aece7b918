/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/modes/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_modes = {
	.name = "modes",
	.title = "from real mode to long mode, and back",
	.mode = GUEST_REAL16,
	.regions = {
		GUEST_REAL_IMAGE_REGION(guest_modes_image),
		{ .name = "ram", .start = MODES_STACK, .size = MODES_RAM_PAGES * UINT64_C(4096) },
		{ .name = "high", .start = MODES_HIGH, .size = MODES_HIGH_PAGES * UINT64_C(4096) },
	},
	.expect = {
		.steps = {
			{ STEP_EXEC, GUEST_REAL_ENTRY, 1, 0 },
			{ STEP_WRITE, GUEST_REAL_ENTRY, 1, 0 },
			{ STEP_READ, 0, 1, 0 }, /* INT3 reads the interrupt vector table */
			{ STEP_WRITE, MODES_STACK, MODES_RAM_PAGES, 4096 },
			{ STEP_WALK, MODES_PD32, 1, 0 },
			{ STEP_PDPTES, MODES_PDPT, 2, 4096 },
			{ STEP_WALK, MODES_PD, 1, 0 },
			{ STEP_WALK, MODES_PDPT_LONG, 2, 4096 }, /* and the PML4 */
			{ STEP_WRITE, MODES_HIGH, MODES_HIGH_PAGES, 4096 },
		},
		.exits = {
			[EXIT_CR] = MODES_CR_WRITES,
			[EXIT_MSR] = MODES_EFER,
			[EXIT_HYPERCALL] = 1,
		},
		.optional = { [EXIT_CR] = MODES_CR_REFUSED },
		.end = { .kind = END_DONE },
	},
};
