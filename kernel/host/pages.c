/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/pages.h"

#include "kernel/host/panic.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/string.h"

static struct {
	struct frame *frames;
	uint64_t nframes;
	const struct memory_range *ranges; /* records outside these are unused */
	unsigned nranges;
	uintptr_t base;
	uint64_t free, total, quota;
	uint64_t fail_in; /* 0: never; 1: the next allocation fails */
	bool failed;
	uint32_t lists[PAGE_MAX_ORDER + 1]; /* pfns of free blocks; 0: empty */
	struct spinlock lock;		    /* protects all of this, and free frames' records */
} pages;

static void (*on_free)(uint64_t pfn);

void pages_on_free(void (*fn)(uint64_t pfn))
{
	on_free = fn;
}

void *page_ptr(uint64_t pfn)
{
	return (void *)(pages.base + (pfn << PAGE_SHIFT));
}

struct frame *page_frame(uint64_t pfn)
{
	ASSERT(pfn < pages.nframes);
	return &pages.frames[pfn];
}

struct frame *page_frame_if_any(uint64_t pfn)
{
	return pfn < pages.nframes ? &pages.frames[pfn] : NULL;
}

static void list_push(uint64_t pfn, unsigned order)
{
	struct frame *f = &pages.frames[pfn];
	uint32_t head = pages.lists[order];

	f->kind = FRAME_FREE;
	f->order = (uint8_t)order;
	f->prev = 0;
	f->next = head;
	if (head)
		pages.frames[head].prev = (uint32_t)pfn;
	pages.lists[order] = (uint32_t)pfn;
}

static void list_remove(uint64_t pfn, unsigned order)
{
	struct frame *f = &pages.frames[pfn];

	if (f->prev)
		pages.frames[f->prev].next = f->next;
	else
		pages.lists[order] = f->next;
	if (f->next)
		pages.frames[f->next].prev = f->prev;
	f->kind = FRAME_NONE;
}

static uint64_t get_block(unsigned order, enum frame_kind kind)
{
	unsigned from = order;
	uint64_t pfn;

	if (pages.quota < UINT64_C(1) << order)
		return 0;
	if (pages.fail_in && --pages.fail_in == 0) {
		pages.failed = true;
		return 0;
	}
	while (!pages.lists[from])
		if (++from > PAGE_MAX_ORDER)
			return 0;
	pfn = pages.lists[from];
	list_remove(pfn, from);
	while (from > order) { /* the upper half stays free */
		from--;
		list_push(pfn + (UINT64_C(1) << from), from);
	}
	pages.frames[pfn].kind = (uint8_t)kind;
	pages.frames[pfn].order = (uint8_t)order;
	pages.frames[pfn].owner = NULL;
	pages.free -= UINT64_C(1) << order;
	if (pages.quota != UINT64_MAX)
		pages.quota -= UINT64_C(1) << order;
	return pfn;
}

uint64_t pages_alloc(unsigned order, enum frame_kind kind)
{
	uint64_t pfn;

	ASSERT(order <= PAGE_MAX_ORDER);
	spin_lock(&pages.lock);
	pfn = get_block(order, kind);
	spin_unlock(&pages.lock);
	return pfn;
}

static bool is_free_block(uint64_t pfn, unsigned order)
{
	return pfn < pages.nframes && pages.frames[pfn].kind == FRAME_FREE &&
	       pages.frames[pfn].order == order;
}

static void put_block(uint64_t pfn, unsigned order)
{
	pages.free += UINT64_C(1) << order;
	for (; order < PAGE_MAX_ORDER; order++) {
		uint64_t buddy = pfn ^ (UINT64_C(1) << order);

		if (!is_free_block(buddy, order))
			break;
		list_remove(buddy, order);
		pages.frames[pfn].kind = FRAME_NONE;
		pfn &= buddy;
	}
	list_push(pfn, order);
}

static void check_out(uint64_t pfn, unsigned order, enum frame_kind kind, const char *what)
{
	struct frame *f = page_frame(pfn);

	if (f->kind != kind || f->order != order)
		panic("page 0x%lx of kind %d, order %d is %s as kind %d, order %u",
		      (unsigned long)pfn, f->kind, f->order, what, kind, order);
}

void pages_break(uint64_t pfn, unsigned order, unsigned to, enum frame_kind kind)
{
	check_out(pfn, order, kind, "broken up");
	ASSERT(to <= order);
	for (uint64_t i = 0; i < UINT64_C(1) << order; i += UINT64_C(1) << to)
		pages.frames[pfn + i] =
			(struct frame){ .kind = (uint8_t)kind, .order = (uint8_t)to };
}

void pages_join(uint64_t pfn, unsigned from, unsigned order, enum frame_kind kind)
{
	ASSERT_EQ(pfn & ((UINT64_C(1) << order) - 1), 0);
	ASSERT(from <= order);
	for (uint64_t i = 0; i < UINT64_C(1) << order; i += UINT64_C(1) << from) {
		check_out(pfn + i, from, kind, "joined");
		pages.frames[pfn + i].kind = FRAME_NONE;
	}
	pages.frames[pfn] = (struct frame){ .kind = (uint8_t)kind, .order = (uint8_t)order };
}

void pages_free(uint64_t pfn, unsigned order, enum frame_kind kind)
{
	check_out(pfn, order, kind, "given back");
	if (on_free)
		for (uint64_t i = 0; i < UINT64_C(1) << order; i++)
			on_free(pfn + i);
	spin_lock(&pages.lock);
	if (pages.quota != UINT64_MAX)
		pages.quota += UINT64_C(1) << order;
	put_block(pfn, order);
	spin_unlock(&pages.lock);
}

void pages_zero(void *at, uint64_t size)
{
	size /= 8;
	__asm__ volatile("rep stosq" : "+D"(at), "+c"(size) : "a"(0) : "memory");
}

void pages_clear(uint64_t pfn, unsigned order)
{
	pages_zero(page_ptr(pfn), (uint64_t)PAGE_SIZE << order);
}

uint64_t page_alloc_zeroed(enum frame_kind kind)
{
	uint64_t pfn = pages_alloc(0, kind);

	if (pfn && !(FAULT(PAGE_DIRTY) && kind == FRAME_GUEST))
		pages_clear(pfn, 0);
	return pfn;
}

void page_free(uint64_t pfn, enum frame_kind kind)
{
	pages_free(pfn, 0, kind);
}

static void add_range(uint64_t pfn, uint64_t end)
{
	while (pfn < end) {
		unsigned order = 0;

		while (order < PAGE_MAX_ORDER && !(pfn & (UINT64_C(1) << order)) &&
		       pfn + (UINT64_C(2) << order) <= end)
			order++;
		list_push(pfn, order);
		pages.total += UINT64_C(1) << order;
		pfn += UINT64_C(1) << order;
	}
}

void pages_init(struct frame *frames, uint64_t nframes, uintptr_t base,
		const struct memory_range *ranges, unsigned nranges)
{
	ASSERT(nframes <= PAGES_END >> PAGE_SHIFT);
	memset(&pages, 0, sizeof(pages));
	pages.frames = frames;
	pages.nframes = nframes;
	pages.ranges = ranges;
	pages.nranges = nranges;
	pages.base = base;
	pages.quota = UINT64_MAX;
	for (unsigned i = 0; i < nranges; i++) {
		uint64_t first = ranges[i].start >> PAGE_SHIFT, end = ranges[i].end >> PAGE_SHIFT;

		ASSERT(end <= nframes);
		add_range(first ? first : 1, end);
	}
	pages.free = pages.total;
}

uint64_t pages_free_count(void)
{
	return pages.free;
}

uint64_t pages_total(void)
{
	return pages.total;
}

/* Pages up to the next block: walks go block by block, so large memory does not slow them. */
static uint64_t size_at(uint64_t pfn)
{
	const struct frame *f = &pages.frames[pfn];

	return f->kind == FRAME_NONE || f->order > PAGE_MAX_ORDER ? 1 : UINT64_C(1) << f->order;
}

uint64_t pages_in_use(enum frame_kind kind)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < pages.nranges; i++) {
		uint64_t end = pages.ranges[i].end >> PAGE_SHIFT;

		for (uint64_t pfn = pages.ranges[i].start >> PAGE_SHIFT; pfn < end;
		     pfn += size_at(pfn))
			if (pages.frames[pfn].kind == kind)
				n += size_at(pfn);
	}
	return n;
}

uint64_t pages_blocks(unsigned order)
{
	uint64_t n = 0;

	for (unsigned o = order; o <= PAGE_MAX_ORDER; o++)
		for (uint32_t pfn = pages.lists[o]; pfn; pfn = pages.frames[pfn].next)
			n += UINT64_C(1) << (o - order);
	return n;
}

uint64_t pages_frames(void)
{
	return pages.nframes;
}

void pages_set_quota(uint64_t n)
{
	pages.quota = n;
}

bool pages_fail_at(uint64_t n)
{
	bool reached = pages.failed;

	pages.fail_in = n;
	pages.failed = false;
	return reached;
}

uint64_t pages_highest_free(void)
{
	uint64_t highest = 0;

	for (unsigned i = pages.nranges; i-- && !highest;) {
		uint64_t end = pages.ranges[i].end >> PAGE_SHIFT;

		for (uint64_t pfn = pages.ranges[i].start >> PAGE_SHIFT; pfn < end;
		     pfn += size_at(pfn))
			if (pages.frames[pfn].kind == FRAME_FREE)
				highest = pfn + size_at(pfn) - 1;
	}
	return highest;
}

const char *pages_check(void)
{
	uint64_t listed = 0;

	for (unsigned order = 0; order <= PAGE_MAX_ORDER; order++) {
		uint32_t prev = 0;

		for (uint32_t pfn = pages.lists[order]; pfn; pfn = pages.frames[pfn].next) {
			if (!is_free_block(pfn, order))
				return "a list has a block that is not free";
			if (pages.frames[pfn].prev != prev)
				return "a list's links do not agree";
			if (pfn & ((1u << order) - 1))
				return "a free block is not aligned";
			prev = pfn;
			listed += UINT64_C(1) << order;
			if (listed > pages.total)
				return "a list goes in circles";
		}
	}
	if (listed != pages.free)
		return "the lists and the count do not agree";
	if (pages_in_use(FRAME_FREE) != pages.free)
		return "the records and the count do not agree";
	return NULL;
}
