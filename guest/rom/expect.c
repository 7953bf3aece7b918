/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/rom/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

_Static_assert(ROM_PAGES * 4096 == ROM_SIZE, "pages");

const struct guest guest_rom = {
	.name = "rom",
	.title = "ROM can be read and executed, and not written",
	.regions = {
		GUEST_IMAGE_REGION(guest_rom_image),
		{ .name = "rom", .kind = REGION_ROM, .start = ROM_BASE, .size = ROM_SIZE,
		  .image = guest_rom_image + IMAGE_SIZE, .image_size = ROM_SIZE },
	},
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_EXEC, ROM_BASE, 1, 0 },
			{ STEP_READ, ROM_BASE + 4096, ROM_PAGES - 1, 4096 },
			{ STEP_WRITE, ROM_TARGET, 1, 0 }, /* ends it */
		},
		.end = { .kind = END_DENIED, .access = ACCESS_WRITE, .gpa = ROM_TARGET,
			 .mapped = true },
	},
};
