/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small zeroed objects of one size, cut from whole pages. A page is given back
 * as soon as its last object is, so that page counts tell of leaks.
 */
#ifndef KERNEL_HOST_HEAP_H
#define KERNEL_HOST_HEAP_H

#include <stddef.h>

struct heap_page;

struct heap {
	size_t size; /* of an object: 16 to 1024 bytes, a multiple of 8 */
	struct heap_page *partial; /* pages with room */
};

/* Zeroed; NULL: no memory. */
void *heap_get(struct heap *heap);
void heap_put(struct heap *heap, void *object);

#endif
