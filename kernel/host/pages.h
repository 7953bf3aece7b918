/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator: a buddy system over all usable memory, with blocks of 4 KiB to
 * 1 GiB. Memory is identity mapped, so a page's address is its physical address. A record
 * per frame says what it is used for. Freeing a block with another kind or order than it
 * has panics.
 *
 * Allocating and freeing are locked, and any CPU may do so at any time. The counts are read
 * without the lock. The walks (pages_in_use, pages_blocks, pages_highest_free, pages_check)
 * need an allocator at rest.
 */
#ifndef KERNEL_HOST_PAGES_H
#define KERNEL_HOST_PAGES_H

#include "kernel/lib/must_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT, PAGE_MAX_ORDER = 18 };

/* End of usable memory, in bytes: the records' links are 32-bit pfns. */
#define PAGES_END (UINT64_C(1) << (32 + PAGE_SHIFT))

enum frame_kind {
	FRAME_NONE,  /* no block begins here: inside a block, or not usable */
	FRAME_FREE,  /* the first frame of a free block */
	FRAME_HOST,  /* the host's data */
	FRAME_TABLE, /* a page of a second-level table */
	FRAME_GUEST, /* a guest's memory */
};

struct frame {
	union {
		struct {
			uint32_t next, prev; /* free list links, pfns; 0: end */
		};
		void *owner; /* while allocated: for whoever took it; NULL at first */
	};
	uint8_t kind; /* enum frame_kind */
	uint8_t order;
};

struct memory_range {
	uint64_t start, end; /* bytes, multiples of PAGE_SIZE */
};

/*
 * Takes over nframes zeroed records, and the ranges, which must be ascending and below
 * PAGES_END; neither array is copied. pfn 0 is never allocated. base is the address where
 * pfn 0 is mapped (0 in the kernel, an arena in tests).
 */
void pages_init(struct frame *frames, uint64_t nframes, uintptr_t base,
		const struct memory_range *ranges, unsigned nranges);

/* Allocates 2^order pages, aligned to their size, not zeroed. Returns the first pfn; 0: none. */
MUST_CHECK uint64_t pages_alloc(unsigned order, enum frame_kind kind);
void pages_free(uint64_t pfn, unsigned order, enum frame_kind kind);

/*
 * Breaks an allocated block of 2^order pages into blocks of 2^to pages; joins adjacent
 * allocated blocks of 2^from pages into one of 2^order pages, to which pfn must be aligned.
 * Afterwards they are freed at their new order. The records' owners are lost. Not locked:
 * the caller must own the pages.
 */
void pages_break(uint64_t pfn, unsigned order, unsigned to, enum frame_kind kind);
void pages_join(uint64_t pfn, unsigned from, unsigned order, enum frame_kind kind);

/* Zeroes size bytes, a multiple of 8. Stores 8 bytes at a time, which is fast in emulators. */
void pages_zero(void *at, uint64_t size);

/* Zeroes a block of 2^order pages. */
void pages_clear(uint64_t pfn, unsigned order);

/* Allocates one zeroed page. Returns its pfn; 0: none. */
MUST_CHECK uint64_t page_alloc_zeroed(enum frame_kind kind);
void page_free(uint64_t pfn, enum frame_kind kind);

/* Free pages; all pages that the allocator manages. */
uint64_t pages_free_count(void);
uint64_t pages_total(void);

/* Number of records: the highest pfn plus one. */
uint64_t pages_frames(void);

/* Pages of this kind; how many blocks of 2^order pages are free, cutting up larger ones. */
uint64_t pages_in_use(enum frame_kind kind);
uint64_t pages_blocks(unsigned order);

/*
 * Limits what can be allocated from now on to this many more pages (UINT64_MAX: no limit),
 * to provoke exhaustion exactly.
 */
void pages_set_quota(uint64_t pages);

/*
 * Makes the n-th allocation from now on fail, once, whatever its size; 0: none.
 * Returns true if the failure requested before has happened.
 */
bool pages_fail_at(uint64_t n);

/* The highest free pfn; 0: none. */
uint64_t pages_highest_free(void);

/* Returns NULL if lists, records and counts agree, otherwise what is wrong. */
MUST_CHECK const char *pages_check(void);

/* Sets a hook that is called for each page before it is freed. Once, before other CPUs run. */
void pages_on_free(void (*fn)(uint64_t pfn));

/* The page's address; its record. pfn must be valid. */
void *page_ptr(uint64_t pfn);
struct frame *page_frame(uint64_t pfn);
/* The same for an untrusted pfn. NULL: it has no record. */
struct frame *page_frame_if_any(uint64_t pfn);

#endif
