/* SPDX-License-Identifier: BSD-2-Clause */
/* The regions of soak's program, which shoot also runs. */
#ifndef GUEST_SOAK_H
#define GUEST_SOAK_H

#include "guest/soak/layout.h"
#include "guest/guest.h"
#include "guest/images.h"

#define SOAK_REGIONS                                                                               \
	GUEST_IMAGE_REGION(guest_soak_image),                                                      \
		{ .name = "kept", .start = SOAK_KEPT, .size = SOAK_KEPT_PAGES * UINT64_C(4096) },  \
		{ .name = "lost", .start = SOAK_LOST, .size = SOAK_LOST_PAGES * UINT64_C(4096) },  \
	{                                                                                          \
		.name = "known", .start = SOAK_KNOWN,                                              \
		.size = SOAK_VCPUS_MAX * (uint64_t)SOAK_KNOWN_SIZE                                \
	}

#endif
