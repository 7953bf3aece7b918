/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/soak/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

/* What both have. */
#define SOAK_REGIONS                                                                               \
	GUEST_IMAGE_REGION(guest_soak_image),                                                      \
		{ .name = "kept", .start = SOAK_KEPT, .size = SOAK_KEPT_PAGES * UINT64_C(4096) },  \
		{ .name = "lost", .start = SOAK_LOST, .size = SOAK_LOST_PAGES * UINT64_C(4096) },  \
	{                                                                                          \
		.name = "known", .start = SOAK_KNOWN,                                              \
		.size = SOAK_VCPUS_MAX * UINT64_C(SOAK_KNOWN_SIZE)                                 \
	}

const struct guest guest_soak = {
	.name = "soak",
	.title = "vCPUs read, write and execute while all is changed under them, for soak= seconds",
	.vcpus = GUEST_VCPUS_ALL,
	.vcpus_least = 2,
	.regions = { SOAK_REGIONS },
	.expect = { .end = { .kind = END_DONE } },
};

/* The same for so many rounds, all changes together: one of the guests of every run. */
const struct guest guest_shoot = {
	.name = "shoot",
	.title = "vCPUs read, write and execute while all is changed under them",
	.vcpus = 2,
	.rounds = 200,
	.regions = { SOAK_REGIONS },
	.expect = { .end = { .kind = END_DONE } },
};
