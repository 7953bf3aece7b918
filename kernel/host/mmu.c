/* SPDX-License-Identifier: BSD-2-Clause */
/* AMD APM vol. 2, 5.3, and SDM vol. 3A, 4.5: long-mode page tables. */
#include "kernel/host/mmu.h"

#include "kernel/host/panic.h"
#include "kernel/host/stack.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"

#define PTE_P	  (UINT64_C(1) << 0)
#define PTE_W	  (UINT64_C(1) << 1)
#define PTE_PWT	  (UINT64_C(1) << 3)
#define PTE_PCD	  (UINT64_C(1) << 4)
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_NX	  (UINT64_C(1) << 63)
#define PTE_ADDR  UINT64_C(0x000ffffffffff000)

enum { LEVELS = 4, ENTRIES = 512 };
#define LEVEL_SIZE(level) (UINT64_C(1) << (PAGE_SHIFT + 9 * ((level) - 1)))

extern char image_start[], text_start[], text_end[], rodata_end[], image_end[];

static struct {
	uint64_t *root;
	struct memmap *map; /* source of tables during mmu_init; then NULL */
	bool large_1g;
} mmu;

/* Returns a zeroed table page's address, from the map or from the allocator; 0: no memory. */
static uint64_t new_table(void)
{
	uint64_t pa;

	if (!mmu.map)
		return page_alloc_zeroed(FRAME_HOST) << PAGE_SHIFT;
	pa = memmap_take(mmu.map, PAGE_SIZE, PAGE_SIZE, UINT64_C(4) << 30);
	if (pa)
		memset((void *)pa, 0, PAGE_SIZE);
	return pa;
}

static uint64_t *entry_of(uint64_t *table, uint64_t va, unsigned level)
{
	return &table[va / LEVEL_SIZE(level) % ENTRIES];
}

static uint64_t *table_of(uint64_t pte)
{
	return (uint64_t *)(pte & PTE_ADDR);
}

/* Replaces a large page by a table of smaller pages, or an empty entry by an empty table. */
static bool split(uint64_t *pte, unsigned level)
{
	uint64_t pa = new_table(), old = *pte;
	uint64_t *table = (uint64_t *)pa;

	if (!pa)
		return false;
	if (old & PTE_P)
		for (unsigned i = 0; i < ENTRIES; i++)
			table[i] = (old + i * LEVEL_SIZE(level - 1)) &
				   (level == 2 ? ~PTE_LARGE : ~UINT64_C(0));
	*pte = pa | PTE_P | PTE_W;
	return true;
}

static bool map_span(uint64_t *table, unsigned level, uint64_t start, uint64_t end, uint64_t bits)
{
	uint64_t size = LEVEL_SIZE(level), next;

	for (uint64_t va = start; va < end; va = next) {
		uint64_t *pte = entry_of(table, va, level);
		bool whole = va % size == 0 && end - va >= size;

		next = (va / size + 1) * size;
		if (level == 1 || (whole && (level == 2 || (level == 3 && mmu.large_1g)))) {
			*pte = bits ? va | bits | (level > 1 ? PTE_LARGE : 0) : 0;
			continue;
		}
		if ((!(*pte & PTE_P) || (*pte & PTE_LARGE)) && !split(pte, level))
			return false;
		if (!map_span(table_of(*pte), level - 1, va, next < end ? next : end, bits))
			return false;
	}
	return true;
}

static bool map(uint64_t start, uint64_t end, unsigned rights)
{
	uint64_t bits = PTE_P | PTE_NX;

	if (rights & MMU_WRITE)
		bits |= PTE_W;
	if (rights & MMU_EXEC)
		bits &= ~PTE_NX;
	if (rights & MMU_UNCACHED)
		bits |= PTE_PWT | PTE_PCD; /* MMU_PAT, entry 3 */
	return map_span(mmu.root, LEVELS, start, end, bits);
}

static bool unmap(uint64_t start, uint64_t end)
{
	return map_span(mmu.root, LEVELS, start, end, 0);
}

static bool map_image(void)
{
	bool ok = map((uintptr_t)text_start, (uintptr_t)text_end, MMU_EXEC) &&
		  map((uintptr_t)text_end, (uintptr_t)rodata_end, 0) &&
		  map((uintptr_t)rodata_end, (uintptr_t)image_end, MMU_WRITE);
	struct guarded_stack *s;

	for (unsigned n = 0; (s = stack_nth(n)); n++)
		ok = ok && unmap((uintptr_t)s->guard, (uintptr_t)s->stack);
	return ok;
}

const char *mmu_init(struct memmap *map_, bool large_1g)
{
	static struct memmap all; /* a copy: taking table pages changes the map */
	bool ok;

	all = *map_;
	mmu.map = map_;
	mmu.large_1g = large_1g;
	mmu.root = (uint64_t *)new_table();
	ok = mmu.root && map_image();
	for (unsigned i = 0; i < all.n; i++)
		ok = ok && map(all.ranges[i].start, all.ranges[i].end, MMU_WRITE);
	mmu.map = NULL;
	if (!ok)
		return "too little memory below 4 GiB for the host's page tables";
	write_cr3((uintptr_t)mmu.root);
	return NULL;
}

void mmu_map_device(uint64_t pa, uint64_t size)
{
	uint64_t start = pa / PAGE_SIZE * PAGE_SIZE;
	uint64_t end = (pa + size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;

	mmu_map(start, end, MMU_WRITE | MMU_UNCACHED);
}

static void forget(uint64_t start, uint64_t end)
{
	for (; start < end; start += PAGE_SIZE)
		invlpg(start);
}

void mmu_map(uint64_t start, uint64_t end, unsigned rights)
{
	if (!map(start, end, rights))
		panic("no memory to map the host's 0x%lx", (unsigned long)start);
	forget(start, end);
}

void mmu_unmap(uint64_t start, uint64_t end)
{
	if (!unmap(start, end))
		panic("no memory to unmap the host's 0x%lx", (unsigned long)start);
	forget(start, end);
}

uint64_t mmu_root(void)
{
	return (uintptr_t)mmu.root;
}

bool mmu_query(uint64_t va, unsigned *rights)
{
	uint64_t *table = mmu.root;

	for (unsigned level = LEVELS;; level--) {
		uint64_t pte = *entry_of(table, va, level);

		if (!(pte & PTE_P))
			return false;
		if (level == 1 || (pte & PTE_LARGE)) {
			*rights = (pte & PTE_W ? MMU_WRITE : 0) | (pte & PTE_NX ? 0 : MMU_EXEC) |
				  (pte & PTE_PCD ? MMU_UNCACHED : 0);
			return true;
		}
		table = table_of(pte);
	}
}

static const char *check_table(const uint64_t *table, unsigned level)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		const char *error;

		if (!(table[i] & PTE_P))
			continue;
		if (level == 1 || (table[i] & PTE_LARGE)) {
			if ((table[i] & PTE_W) && !(table[i] & PTE_NX))
				return "a page of the host is writable and executable";
			continue;
		}
		error = check_table(table_of(table[i]), level - 1);
		if (error)
			return error;
	}
	return NULL;
}

const char *mmu_check(void)
{
	struct guarded_stack *s;
	unsigned rights;

	if (mmu_query(0, &rights))
		return "page 0 is mapped";
	for (unsigned n = 0; (s = stack_nth(n)); n++)
		if (mmu_query((uintptr_t)s->guard, &rights) || !mmu_query((uintptr_t)s->stack, &rights))
			return "a stack has no guard";
	if (!mmu_query((uintptr_t)text_start, &rights) || rights != MMU_EXEC)
		return "the text's rights are wrong";
	if (!mmu_query((uintptr_t)text_end, &rights) || rights)
		return "the constants' rights are wrong";
	return check_table(mmu.root, LEVELS);
}
