/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/soak/soak.h"

const struct guest guest_soak = {
	.name = "soak",
	.title = "vCPUs read, write and execute while all is changed under them, for soak= seconds",
	.vcpus = GUEST_VCPUS_ALL,
	.vcpus_least = 2,
	.regions = { SOAK_REGIONS },
	.expect = { .end = { .kind = END_DONE } },
};
