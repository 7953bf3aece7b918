/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small zeroed objects of one size, cut from whole pages. A page is given back
 * as soon as its last object is, so that page counts tell of leaks.
 */
#ifndef KERNEL_HOST_SLAB_H
#define KERNEL_HOST_SLAB_H

#include <stddef.h>

struct slab_page;

struct slab {
	size_t size; /* of an object: 16 to 1024 bytes, a multiple of 8 */
	struct slab_page *partial; /* pages with room */
};

/* Zeroed; NULL: no memory. */
void *slab_alloc(struct slab *heap);
void slab_free(struct slab *heap, void *object);

#endif
