/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/noexec/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

const struct guest guest_noexec = {
	.name = "noexec",
	.title = "data can be written and read, and not executed",
	.regions = {
		GUEST_IMAGE_REGION(guest_noexec_image),
		{ .name = "data", .kind = REGION_DATA, .start = NOEXEC_BASE, .size = NOEXEC_SIZE },
	},
	.expect = {
		.walk = GUEST_TABLES,
		.exec = 1 + 1, /* the second one ends it */
		.write = 1,
		.pages = GUEST_TABLES + 1 + 1,
		.tables = 3 + 1,
		.end = { .kind = END_DENIED, .access = ACCESS_EXEC, .gpa = NOEXEC_TARGET,
			 .mapped = true },
	},
};
