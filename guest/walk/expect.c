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
		.steps = {
			GUEST_STEPS_BEGIN,
			{ STEP_READ, WALK_DESCRIPTORS, 1, 0 },
			{ STEP_WRITE, WALK_STACK, 1, 0 },
			/* the first address: a PDPT, a PD, a table, a page */
			{ STEP_WALK, WALK_POOL, 3, 4096 },
			{ STEP_WRITE, WALK_POOL + 3 * 4096, 1, 0 },
			/* each of the others: a table, a page */
			{ STEP_WALK, WALK_POOL + 4 * 4096, WALK_ADDRESSES - 1, 2 * 4096 },
			{ STEP_WRITE, WALK_POOL + 5 * 4096, WALK_ADDRESSES - 1, 2 * 4096 },
		},
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
