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
		.walk = MODES_TABLES,
		.exec = 1,
		.read = 1, /* the interrupt vector table, by INT3 */
		.write = MODES_RAM_PAGES + MODES_HIGH_PAGES,
		.pages = MODES_TABLES + 1 + 1 + MODES_RAM_PAGES + MODES_HIGH_PAGES,
		.tables = 3 + 2,
		.exits = {
			[EXIT_CR] = MODES_CR_WRITES,
			[EXIT_MSR] = MODES_EFER,
			[EXIT_HYPERCALL] = 1,
		},
		.optional = { [EXIT_CR] = MODES_CR_REFUSED },
		.end = { .kind = END_DONE },
	},
};
