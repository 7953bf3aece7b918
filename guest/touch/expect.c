/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/touch/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

_Static_assert(TOUCH_DENSE_BASE % 0x2000 == 0, "the first dense page is an even one");

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
		.steps = {
			GUEST_STEPS_BEGIN,
			/* dense: even pages are read first, then all are written */
			{ STEP_READ, TOUCH_DENSE_BASE, (TOUCH_DENSE + 1) / 2, 2 * 4096 },
			{ STEP_WRITE, TOUCH_DENSE_BASE, TOUCH_DENSE, 4096 },
			/* the page after the executed one is written first */
			{ STEP_WRITE, TOUCH_EXEC_BASE + 4096, 1, 0 },
			{ STEP_EXEC, TOUCH_EXEC_BASE, TOUCH_EXEC_PAGES, 4096 },
			{ STEP_EXEC, TOUCH_CHAIN_FIRST, TOUCH_CHAIN, 4096 },
			{ STEP_WALK, TOUCH_SPARSE_PD, 1, 0 },
			{ STEP_WRITE, TOUCH_SPARSE_BASE + TOUCH_SPARSE_OFFSET, TOUCH_SPARSE,
			  TOUCH_SPARSE_STRIDE },
		},
		.exits = { [EXIT_HYPERCALL] = 1 },
		.end = { .kind = END_DONE },
	},
};
