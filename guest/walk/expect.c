/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/walk/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

/* One PDPT, one PD, and a table for each address. */
enum { GROWN = 1 + 1 + WALK_ADDRESSES };

_Static_assert(GROWN + WALK_ADDRESSES == WALK_POOL_PAGES, "tables, and a page for each address");

const struct guest guest_walk = {
	.name = "walk",
	.title = "page tables that grow into unmapped memory",
	.regions = {
		GUEST_IMAGE_REGION(guest_walk_image),
		{ .name = "stack", .start = WALK_STACK, .size = 4096 },
		{ .name = "pool", .start = WALK_POOL, .size = WALK_POOL_PAGES * UINT64_C(4096) },
	},
	.expect = {
		.walk = GUEST_TABLES + GROWN,
		.exec = 1,
		.read = 1,		     /* the page of descriptors */
		.write = 1 + WALK_ADDRESSES, /* the stack */
		.pages = GUEST_TABLES + 1 + 1 + 1 + WALK_POOL_PAGES,
		.tables = 2 + 3, /* a PDPT, a PD, a table for each region */
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
