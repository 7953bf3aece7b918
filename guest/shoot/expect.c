/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/soak/soak.h"

/* soak's program for so many rounds, all changes together. */
const struct guest guest_shoot = {
	.name = "shoot",
	.title = "vCPUs read, write and execute while all is changed under them",
	.vcpus = 2,
	.rounds = 200,
	.regions = { SOAK_REGIONS },
	.expect = { .end = { .kind = END_DONE } },
};
