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
		.walk = GUEST_TABLES,
		.exec = 1 + 1,
		.read = ROM_PAGES - 1,
		.write = 1, /* the one that ends it */
		.pages = GUEST_TABLES + 1 + ROM_PAGES,
		.tables = 3 + 2, /* in two GiB */
		.end = { .kind = END_DENIED, .access = ACCESS_WRITE, .gpa = ROM_TARGET,
			 .mapped = true },
	},
};
