/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/touch/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

enum {
	READ_FIRST = (TOUCH_DENSE + 1) / 2,
	WRITTEN_FIRST = TOUCH_DENSE - READ_FIRST,
	TABLE_PAGES = GUEST_TABLES + 1, /* and the one for the window */
};

_Static_assert(TOUCH_DENSE_BASE % 0x2000 == 0, "the first dense page is an even one");
_Static_assert((TOUCH_DENSE * UINT64_C(4096) + 0x1fffff) / 0x200000 == TOUCH_DENSE_SPANS, "spans");

const struct guest guest_touch = {
	.name = "touch",
	.title = "reads, writes and executes, dense and sparse",
	.regions = {
		GUEST_IMAGE_REGION(guest_touch_image),
		{ .name = "dense", .start = TOUCH_DENSE_BASE, .size = TOUCH_DENSE * UINT64_C(4096) },
		{ .name = "exec", .start = TOUCH_EXEC_BASE, .size = TOUCH_EXEC_PAGES * UINT64_C(4096) },
		{ .name = "sparse", .start = TOUCH_SPARSE_BASE,
		  .size = (uint64_t)TOUCH_SPARSE * TOUCH_SPARSE_STRIDE },
	},
	.expect = {
		.walk = TABLE_PAGES,
		.read = READ_FIRST,
		/* the executed page's neighbour is written first */
		.write = WRITTEN_FIRST + 1 + TOUCH_SPARSE,
		.exec = 1 + 1 + TOUCH_CHAIN,
		.pages = TABLE_PAGES + 1 + TOUCH_CHAIN + TOUCH_DENSE + TOUCH_EXEC_PAGES +
			 TOUCH_SPARSE,
		/* below 4 GiB: a PDPT, a PD, and a table for each 2 MiB; above: a
		 * PD and a table for each GiB */
		.tables = 2 + 1 + TOUCH_DENSE_SPANS + TOUCH_EXEC_SPANS + 2 * TOUCH_SPARSE,
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
