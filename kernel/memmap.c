/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/memmap.h"

#include "kernel/fault.h"
#include "kernel/string.h"

static uint64_t page_down(uint64_t v)
{
	return v / PAGE_SIZE * PAGE_SIZE;
}

static uint64_t page_up(uint64_t v)
{
	return v > UINT64_MAX - PAGE_SIZE ? page_down(UINT64_MAX) : page_down(v + PAGE_SIZE - 1);
}

/* Keeps the ranges sorted and merges what touches or overlaps. False: no room. */
static bool insert(struct memmap *map, uint64_t start, uint64_t end)
{
	unsigned i = 0, last;

	while (i < map->n && map->ranges[i].end < start)
		i++;
	for (last = i; last < map->n && map->ranges[last].start <= end; last++) {
		if (map->ranges[last].start < start)
			start = map->ranges[last].start;
		if (map->ranges[last].end > end)
			end = map->ranges[last].end;
	}
	if (last == i && map->n == MEMMAP_MAX)
		return false;
	memmove(&map->ranges[i + 1], &map->ranges[last],
		(map->n - last) * sizeof(map->ranges[0]));
	map->n = map->n - last + i + 1;
	map->ranges[i] = (struct memory_range){ start, end };
	return true;
}

bool memmap_remove(struct memmap *map, uint64_t start, uint64_t end)
{
	start = page_down(start);
	end = page_up(end);
	for (unsigned i = 0; i < map->n && start < end;) {
		struct memory_range *r = &map->ranges[i];
		struct memory_range left = { r->start, start < r->end ? start : r->end };
		struct memory_range right = { end > r->start ? end : r->start, r->end };
		unsigned keep = (left.start < left.end) + (right.start < right.end);

		if (r->end <= start || r->start >= end) {
			i++;
			continue;
		}
		if (keep == 2 && map->n == MEMMAP_MAX)
			return false;
		memmove(r + keep, r + 1, (map->n - i - 1) * sizeof(*r));
		map->n = map->n - 1 + keep;
		if (left.start < left.end)
			*r++ = left;
		if (right.start < right.end)
			*r = right;
		i += keep;
	}
	return true;
}

const char *memmap_build(struct memmap *map, const struct bootinfo *info, uint64_t limit)
{
	static const char too_many[] = "the memory map has too many pieces";

	map->n = 0;
	for (unsigned i = 0; i < info->nmap; i++) {
		const struct bootinfo_range *r = &info->map[i];
		uint64_t start = page_up(r->base), end = page_down(r->base + r->length);

		if (end > limit)
			end = limit;
		if (r->type == MEMORY_AVAILABLE && start < end && !insert(map, start, end))
			return too_many;
	}
	for (unsigned i = 0; i < info->nmap; i++) {
		const struct bootinfo_range *r = &info->map[i];

		if (r->type != MEMORY_AVAILABLE && r->length && !FAULT(RESERVED_USED) &&
		    !memmap_remove(map, r->base, r->base + r->length))
			return too_many;
	}
	return map->n ? NULL : "the memory map has no available memory";
}

uint64_t memmap_take(struct memmap *map, uint64_t size, uint64_t align, uint64_t limit)
{
	size = page_up(size);
	for (unsigned i = map->n; i--;) {
		struct memory_range *r = &map->ranges[i];
		uint64_t end = r->end < limit ? r->end : limit;
		uint64_t start;

		if (end < r->start || end - r->start < size)
			continue;
		start = (end - size) / align * align;
		if (start < r->start)
			continue;
		return memmap_remove(map, start, start + size) ? start : 0;
	}
	return 0;
}

uint64_t memmap_take_low(struct memmap *map, uint64_t size)
{
	const uint64_t first = PAGE_SIZE, limit = UINT64_C(640) << 10;
	uint64_t best = 0, room = 0;

	size = page_up(size);
	for (unsigned i = 0; i < map->n; i++) {
		const struct memory_range *r = &map->ranges[i];
		uint64_t start = r->start > first ? r->start : first;
		uint64_t end = r->end < limit ? r->end : limit;

		if (end < start || end - start < size || end - start <= room)
			continue;
		room = end - start;
		best = FAULT(LOW_TOP) ? end - size : start + page_down((room - size) / 2);
	}
	return room && memmap_remove(map, best, best + size) ? best : 0;
}

uint64_t memmap_bytes(const struct memmap *map)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < map->n; i++)
		sum += map->ranges[i].end - map->ranges[i].start;
	return sum;
}
