/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects of one size, cut from whole pages. A page is freed together with its
 * last object, so that page counts reveal leaks. Not locked: the caller serializes.
 */
#ifndef KERNEL_HOST_SLAB_H
#define KERNEL_HOST_SLAB_H

#include "kernel/lib/must_check.h"

#include <stddef.h>

struct slab_page;

struct slab {
	size_t size; /* of an object, in bytes: 16 to 1024, a multiple of 8 */
	struct slab_page *partial; /* pages with free objects */
};

/* Zeroed; NULL: no memory. */
MUST_CHECK void *slab_alloc(struct slab *heap);
void slab_free(struct slab *heap, void *object);

#endif
