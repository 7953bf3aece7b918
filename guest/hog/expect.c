/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/hog/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum { IMAGE_PAGES = GUEST_TABLES + 1, IMAGE_TABLES = 3, PAGES = IMAGE_PAGES + HOG_PAGES };

_Static_assert((HOG_PAGES + 511) / 512 == HOG_SPANS, "one table for 512 pages");

const struct guest guest_hog = {
	.name = "hog",
	.title = "a guest that outgrows memory ends, and loses nothing",
	.regions = {
		GUEST_IMAGE_REGION(guest_hog_image),
		{ .name = "ram", .start = HOG_BASE, .size = HOG_SIZE },
	},
	.memory_pages = PAGES + IMAGE_TABLES + HOG_SPANS,
	.expect = {
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_WRITE, HOG_BASE, HOG_SIZE / 4096, 4096 },
		},
		.end = { .kind = END_MEMORY, .access = ACCESS_WRITE },
	},
};
