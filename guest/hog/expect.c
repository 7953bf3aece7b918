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
		.walk = GUEST_TABLES,
		.exec = 1,
		.write = HOG_PAGES + 1, /* the last one ends it */
		.pages = PAGES,
		.tables = IMAGE_TABLES + HOG_SPANS,
		.end = { .kind = END_MEMORY, .access = ACCESS_WRITE,
			 .gpa = HOG_BASE + HOG_PAGES * UINT64_C(4096) },
	},
};
