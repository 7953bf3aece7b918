/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: all usable memory, in blocks of 4 KiB to 1 GiB (a buddy
 * system). Memory is mapped one to one, so a page's address is its physical
 * address. One record per frame says what the frame is used for; giving back
 * a frame that is not in use for just that is a broken invariant, and panics.
 */
#ifndef KERNEL_HOST_PAGES_H
#define KERNEL_HOST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT, PAGE_MAX_ORDER = 18 };

/* Where memory ends that can be used: the records' links are pfns of 32 bits. */
#define PAGES_END (UINT64_C(1) << (32 + PAGE_SHIFT))

enum frame_kind {
	FRAME_NONE,  /* no block begins here: inside of one, or not ours to hand out */
	FRAME_FREE,  /* the first frame of a free block */
	FRAME_HOST,  /* the host's own */
	FRAME_TABLE, /* a page of a second-level table */
	FRAME_GUEST, /* a guest's memory */
};

struct frame {
	union {
		struct {
			uint32_t next, prev; /* pfns, in a free list; 0 ends it */
		};
		void *owner; /* in use: for who took it */
	};
	uint8_t kind; /* enum frame_kind */
	uint8_t order;
};

struct memory_range {
	uint64_t start, end; /* bytes, multiples of PAGE_SIZE */
};

/*
 * Takes over nframes records, all zeroes, and the ranges, which stay where they are:
 * ascending, below PAGES_END. pfn 0 is never handed out. base is where pfn 0 is seen
 * (0 in the kernel, an arena in tests).
 */
void pages_init(struct frame *frames, uint64_t nframes, uintptr_t base,
		const struct memory_range *ranges, unsigned nranges);

/* A block of 2^order pages, aligned to its size, not zeroed. Its first pfn; 0: there is none. */
uint64_t pages_alloc(unsigned order, enum frame_kind kind);
void pages_free(uint64_t pfn, unsigned order, enum frame_kind kind);

/*
 * Makes blocks of 2^to pages of one that is in use; and one of 2^order pages of
 * such that lie side by side, all in use, and aligned as one. They are given
 * back as what they are then.
 */
void pages_break(uint64_t pfn, unsigned order, unsigned to, enum frame_kind kind);
void pages_join(uint64_t pfn, unsigned from, unsigned order, enum frame_kind kind);

/* Zeroes, eight bytes at a time, which is what emulators like; size: a multiple of 8. */
void pages_zero(void *at, uint64_t size);

/* The same for a block's content. */
void pages_clear(uint64_t pfn, unsigned order);

/* One page, all zeroes; 0: there is none. */
uint64_t page_alloc_zeroed(enum frame_kind kind);
void page_free(uint64_t pfn, enum frame_kind kind);

/* Pages not handed out; pages that the allocator was given in all. */
uint64_t pages_free_count(void);
uint64_t pages_total(void);

/* Records that there are: the highest pfn and one. */
uint64_t pages_frames(void);

/* Pages that are in use as this; blocks of 2^order pages that could be had. Both are walks. */
uint64_t pages_in_use(enum frame_kind kind);
uint64_t pages_blocks(unsigned order);

/*
 * Lets the allocator pretend that only this many more pages are there
 * (UINT64_MAX: no limit), so that exhaustion can be had exactly.
 */
void pages_set_quota(uint64_t pages);

/*
 * Lets the n-th allocation from now on fail, once, whatever its size; 0: none.
 * Returns whether the failure asked for before was reached.
 */
bool pages_fail_at(uint64_t n);

/* The highest pfn that is free; 0 if none is. Walks all blocks. */
uint64_t pages_highest_free(void);

/* Walks all blocks; NULL if lists, records and counts agree, else what does not. */
const char *pages_check(void);

/* fn is called for each page that is given back, before it is free. Once, before other CPUs run. */
void pages_on_free(void (*fn)(uint64_t pfn));

void *page_ptr(uint64_t pfn);
struct frame *page_frame(uint64_t pfn);
/* For those who do not trust a pfn; NULL: it has no record. */
struct frame *page_frame_if_any(uint64_t pfn);

#endif
