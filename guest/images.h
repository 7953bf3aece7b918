/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' images, linked in by the Makefile. Not every guest has one of its own. */
#ifndef GUEST_IMAGES_H
#define GUEST_IMAGES_H

#include "guest/list.h"

#define GUEST_IMAGE_DECLARED(name) extern const unsigned char guest_##name##_image[];
GUESTS(GUEST_IMAGE_DECLARED)
GUEST_IMAGE_DECLARED(soak)

#endif
