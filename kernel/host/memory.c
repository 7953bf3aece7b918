/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/memory.h"

#include "kernel/host/memmap.h"
#include "kernel/host/mmu.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

/* Memory below is the BIOS's, and later the start of other CPUs. */
#define LOW_MEMORY (UINT64_C(1) << 20)
/* Four-level tables can identity map all of it in the lower half. */
_Static_assert(PAGES_END <= UINT64_C(1) << 46, "the host's page tables");
/* The guests need about this much. */
#define LEAST_PAGES ((UINT64_C(16) << 20) >> PAGE_SHIFT)

extern char image_start[], image_end[];

static uint64_t low, bytes;

uint64_t memory_low(void)
{
	return low;
}

uint64_t memory_bytes(void)
{
	return bytes;
}

static void say(const struct memmap *map)
{
	note("memory in %u ranges:", map->n);
	for (unsigned i = 0; i < map->n; i++)
		note("  0x%012lx-0x%012lx", (unsigned long)map->ranges[i].start,
		     (unsigned long)map->ranges[i].end);
}

static void say_unused(uint64_t n, const char *why)
{
	if (n)
		note("%lu KiB of memory are not used: %s", (unsigned long)(n >> 10), why);
}

/* Logs what was left out, and why. */
static void say_odd(const struct memmap *map, uint64_t remote)
{
	if (map->wrapped)
		note("memory map: %u entries end beyond 2^64; they count up to there where they "
		     "are reserved, and not at all where they are available",
		     map->wrapped);
	say_unused(map->beyond, "they are above what the CPU or the page records can address");
	say_unused(remote,
		   "they are so far up that records of the pages below would cost too much");
	say_unused(map->given_up,
		   "the memory map is in too many pieces, and these are the smallest");
}

/* Removes memory below 1 MiB and the kernel image. */
static void take_out(struct memmap *map)
{
	uintptr_t start = (uintptr_t)image_start, end = (uintptr_t)image_end;

	if (!memmap_has(map, start, end))
		note("nestbox itself, 0x%lx-0x%lx, is in memory that the map does not give as "
		     "available",
		     start, end);
	memmap_remove(map, 0, LOW_MEMORY);
	memmap_remove(map, start, end);
}

/* Allocates a record for each page up to the highest. Returns NULL, or what is wrong. */
static const char *init_pages(struct memmap *map)
{
	uint64_t nframes = map->ranges[map->n - 1].end >> PAGE_SHIFT;
	uint64_t size = nframes * sizeof(struct frame);
	uint64_t frames = memmap_take(map, size, PAGE_SIZE, UINT64_MAX);

	if (!frames)
		return "too little memory in one piece for the page allocator's records; give the "
		       "machine more";
	pages_zero((void *)frames, size);
	pages_init((struct frame *)frames, nframes, 0, map->ranges, map->n);
	return NULL;
}

const char *memory_init(const struct bootinfo *info, const struct cpu_raw *raw)
{
	static struct memmap map;
	uint64_t limit = UINT64_C(1) << cpu_raw_maxphyaddr(raw), remote;
	const char *error = memmap_build(&map, info, limit < PAGES_END ? limit : PAGES_END);

	if (error)
		return error;
	low = memmap_take_low(&map, MEMORY_LOW_SIZE);
	take_out(&map);
	remote = memmap_drop_remote(&map, sizeof(struct frame));
	bytes = memmap_bytes(&map);
	say(&map);
	say_odd(&map, remote);
	if (!map.n || bytes >> PAGE_SHIFT < LEAST_PAGES)
		return "too little memory: at least 16 MiB have to be free; give the machine more";
	error = mmu_init(&map, raw->ext1.edx & CPUID_EXT1_EDX_PAGE1GB);
	return error ? error : init_pages(&map);
}
