/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/soak/soak.h"

/* Runs soak's program for .rounds, with all kinds of change mixed. */
const struct guest guest_shoot = {
	.name = "shoot",
	.title = "vCPUs read, write and execute while all is changed under them",
	.vcpus = 2,
	.rounds = 200,
	.regions = { SOAK_REGIONS },
	.expect = { .end = { .kind = END_DONE } },
};
