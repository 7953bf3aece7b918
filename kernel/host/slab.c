/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/slab.h"

#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/string.h"

struct object {
	struct object *next;
};

struct slab_page {
	uint64_t pfn;
	struct slab *heap;
	struct slab_page *next, *prev; /* in the list of pages with free objects */
	struct object *free;
	uint32_t used;
};

static void link_page(struct slab *heap, struct slab_page *page)
{
	page->prev = NULL;
	page->next = heap->partial;
	if (page->next)
		page->next->prev = page;
	heap->partial = page;
}

static void unlink_page(struct slab *heap, struct slab_page *page)
{
	if (page->prev)
		page->prev->next = page->next;
	else
		heap->partial = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

static struct slab_page *new_page(struct slab *heap)
{
	uint64_t pfn = page_alloc_zeroed(FRAME_HOST);
	struct slab_page *page = page_ptr(pfn);

	if (!pfn)
		return NULL;
	page->pfn = pfn;
	page->heap = heap;
	for (size_t at = PAGE_SIZE; at >= sizeof(*page) + heap->size;) {
		struct object *o = (struct object *)((char *)page + (at -= heap->size));

		o->next = page->free;
		page->free = o;
	}
	link_page(heap, page);
	return page;
}

void *slab_alloc(struct slab *heap)
{
	struct slab_page *page = heap->partial ? heap->partial : new_page(heap);
	struct object *o;

	if (!page)
		return NULL;
	o = page->free;
	page->free = o->next;
	page->used++;
	if (!page->free)
		unlink_page(heap, page);
	return memset(o, 0, heap->size);
}

void slab_free(struct slab *heap, void *object)
{
	struct slab_page *page = (void *)((uintptr_t)object / PAGE_SIZE * PAGE_SIZE);
	struct object *o = object;

	ASSERT_EQ((uintptr_t)page->heap, (uintptr_t)heap);
	if (!page->free)
		link_page(heap, page);
	o->next = page->free;
	page->free = o;
	if (--page->used == 0) {
		unlink_page(heap, page);
		page_free(page->pfn, FRAME_HOST);
	}
}
