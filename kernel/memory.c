/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/memory.h"

#include "kernel/head.h"
#include "kernel/memmap.h"
#include "kernel/mmu.h"
#include "kernel/report.h"
#include "kernel/x86.h"

/* Below: the BIOS's and, later, other CPUs' first steps. */
#define LOW_MEMORY (UINT64_C(1) << 20)
/* What four-level tables can hold one to one, in the lower half. */
#define HIGHEST	   (UINT64_C(1) << 46)
/* The least that is of any use: the guests need about this much. */
#define LEAST_PAGES ((UINT64_C(16) << 20) >> PAGE_SHIFT)

extern char image_start[], image_end[];

static uint64_t low;

uint64_t memory_low(void)
{
	return low;
}

static void say(const struct memmap *map)
{
	head_memory(memmap_bytes(map));
	note("memory in %u ranges:", map->n);
	for (unsigned i = 0; i < map->n; i++)
		note("  0x%012lx-0x%012lx", (unsigned long)map->ranges[i].start,
		     (unsigned long)map->ranges[i].end);
}

const char *memory_init(const struct bootinfo *info, const struct cpu_raw *raw)
{
	static struct memmap map;
	uint64_t limit = UINT64_C(1) << cpu_raw_maxphyaddr(raw), nframes, frames;
	const char *error = memmap_build(&map, info, limit < HIGHEST ? limit : HIGHEST);

	if (error)
		return error;
	low = memmap_take_low(&map, MEMORY_LOW_SIZE);
	if (!memmap_remove(&map, 0, LOW_MEMORY) ||
	    !memmap_remove(&map, (uintptr_t)image_start, (uintptr_t)image_end))
		return "the memory map has too many pieces";
	say(&map);
	if (!map.n || memmap_bytes(&map) >> PAGE_SHIFT < LEAST_PAGES)
		return "too little memory: at least 16 MiB have to be free; give the machine more";
	nframes = map.ranges[map.n - 1].end >> PAGE_SHIFT;
	error = mmu_init(&map, raw->ext1.edx & CPUID_EXT1_EDX_PAGE1GB);
	if (error)
		return error;
	frames = memmap_take(&map, nframes * sizeof(struct frame), PAGE_SIZE, UINT64_MAX);
	if (!frames)
		return "too little memory for the page allocator's records";
	pages_init((struct frame *)frames, nframes, 0, map.ranges, map.n);
	return NULL;
}
