/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/memmap.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/string.h"

static uint64_t page_down(uint64_t v)
{
	return v / PAGE_SIZE * PAGE_SIZE;
}

static uint64_t page_up(uint64_t v)
{
	return v > UINT64_MAX - PAGE_SIZE ? page_down(UINT64_MAX) : page_down(v + PAGE_SIZE - 1);
}

static uint64_t size_of(const struct memory_range *r)
{
	return r->end - r->start;
}

static void drop(struct memmap *map, unsigned i)
{
	map->n--;
	memmove(&map->ranges[i], &map->ranges[i + 1], (map->n - i) * sizeof(map->ranges[0]));
}

/* Giving up memory is harmless; giving up a reservation would not be. */
static void make_room(struct memmap *map)
{
	unsigned smallest = 0;

	if (map->n <= MEMMAP_MAX)
		return;
	for (unsigned i = 1; i < map->n; i++)
		if (size_of(&map->ranges[i]) < size_of(&map->ranges[smallest]))
			smallest = i;
	map->given_up += size_of(&map->ranges[smallest]);
	drop(map, smallest);
}

/* Keeps the ranges sorted; merges ranges that touch or overlap. */
static void insert(struct memmap *map, uint64_t start, uint64_t end)
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
	memmove(&map->ranges[i + 1], &map->ranges[last], (map->n - last) * sizeof(map->ranges[0]));
	map->n = map->n - last + i + 1;
	map->ranges[i] = (struct memory_range){ start, end };
	make_room(map);
}

void memmap_remove(struct memmap *map, uint64_t start, uint64_t end)
{
	start = page_down(start);
	end = page_up(end);
	for (unsigned i = 0; i < map->n && start < end;) {
		struct memory_range *r = &map->ranges[i];
		struct memory_range left = { r->start, start < r->end ? start : r->end };
		struct memory_range right = { end > r->start ? end : r->start, r->end };
		unsigned keep =
			(unsigned)(left.start < left.end) + (unsigned)(right.start < right.end);

		if (r->end <= start || r->start >= end) {
			i++;
			continue;
		}
		if (FAULT(MAP_OVERFLOW) && keep == 2 && map->n == MEMMAP_MAX)
			return;
		memmove(r + keep, r + 1, (map->n - i - 1) * sizeof(*r));
		map->n = map->n - 1 + keep;
		if (left.start < left.end)
			*r++ = left;
		if (right.start < right.end)
			*r = right;
		if (keep == 2) { /* then no other range is affected */
			make_room(map);
			return;
		}
		i += keep;
	}
}

bool memmap_has(const struct memmap *map, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < map->n; i++)
		if (map->ranges[i].start <= start && map->ranges[i].end >= end)
			return true;
	return false;
}

/* Entry i, cut at the end of the address space. An entry that wraps is impossible: it is
 * ignored if available, and reserved up to 2^64 if not. */
static struct bootinfo_range entry_of(struct memmap *map, const struct bootinfo *info, unsigned i)
{
	struct bootinfo_range r = bootinfo_range(info, i);

	if (r.length <= UINT64_MAX - r.base || FAULT(MAP_WRAPS))
		return r;
	if (r.length > UINT64_MAX - r.base + 1) {
		map->wrapped++;
		r.length = 0;
	}
	if (r.length || r.type != MEMORY_AVAILABLE)
		r.length = UINT64_MAX - r.base;
	return r;
}

static void add_available(struct memmap *map, const struct bootinfo_range *r, uint64_t limit)
{
	uint64_t start = page_up(r->base), end = page_down(r->base + r->length);

	if (end > limit && start < end) {
		map->beyond += end - (start > limit ? start : limit);
		end = limit;
	}
	if (start < end)
		insert(map, start, end);
}

const char *memmap_build(struct memmap *map, const struct bootinfo *info, uint64_t limit)
{
	map->n = 0;
	map->beyond = map->given_up = 0;
	for (unsigned i = 0; i < info->nmap; i++) {
		struct bootinfo_range r = entry_of(map, info, i);

		if (r.type == MEMORY_AVAILABLE)
			add_available(map, &r, limit);
	}
	map->wrapped = 0;
	for (unsigned i = 0; i < info->nmap; i++) {
		struct bootinfo_range r = entry_of(map, info, i);

		if (r.type != MEMORY_AVAILABLE && r.length && !FAULT(RESERVED_USED))
			memmap_remove(map, r.base, r.base + r.length);
	}
	return map->n ? NULL :
			"the memory map has no available memory; try other firmware settings, "
			"or another boot loader";
}

uint64_t memmap_drop_remote(struct memmap *map, uint64_t record)
{
	uint64_t sum = 0, all = memmap_bytes(map);
	int64_t best = INT64_MIN;
	unsigned keep = 0;

	for (unsigned i = 0; i < map->n; i++) {
		uint64_t end = map->ranges[i].end, cost = end / PAGE_SIZE * record * MEMMAP_WORTH;

		sum += size_of(&map->ranges[i]);
		if ((int64_t)(sum - cost) > best || FAULT(RECORDS_REMOTE)) {
			best = (int64_t)(sum - cost);
			keep = i + 1;
		}
	}
	map->n = keep;
	return all - memmap_bytes(map);
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
		memmap_remove(map, start, start + size);
		return start;
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
	if (!room)
		return 0;
	memmap_remove(map, best, best + size);
	return best;
}

uint64_t memmap_bytes(const struct memmap *map)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < map->n; i++)
		sum += size_of(&map->ranges[i]);
	return sum;
}
