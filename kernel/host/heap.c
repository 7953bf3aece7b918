/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/heap.h"

#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/string.h"

struct object {
	struct object *next;
};

struct heap_page {
	uint64_t pfn;
	struct heap *heap;
	struct heap_page *next, *prev; /* in the list of pages with room */
	struct object *free;
	uint32_t used;
};

static void link_page(struct heap *heap, struct heap_page *page)
{
	page->prev = NULL;
	page->next = heap->partial;
	if (page->next)
		page->next->prev = page;
	heap->partial = page;
}

static void unlink_page(struct heap *heap, struct heap_page *page)
{
	if (page->prev)
		page->prev->next = page->next;
	else
		heap->partial = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

static struct heap_page *new_page(struct heap *heap)
{
	uint64_t pfn = page_get(FRAME_HOST);
	struct heap_page *page = page_ptr(pfn);

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

void *heap_get(struct heap *heap)
{
	struct heap_page *page = heap->partial ? heap->partial : new_page(heap);
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

void heap_put(struct heap *heap, void *object)
{
	struct heap_page *page = (void *)((uintptr_t)object / PAGE_SIZE * PAGE_SIZE);
	struct object *o = object;

	ASSERT_EQ((uintptr_t)page->heap, (uintptr_t)heap);
	if (!page->free)
		link_page(heap, page);
	o->next = page->free;
	page->free = o;
	if (--page->used == 0) {
		unlink_page(heap, page);
		page_put(page->pfn, FRAME_HOST);
	}
}
