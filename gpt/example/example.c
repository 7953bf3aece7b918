/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A complete user of the generic page table, as a Linux program: an array stands for physical
 * memory, and one table of each format is built in it. No CPU walks the tables, so nothing has
 * to be flushed; comments say where a flush would be needed.
 *
 *	cc -std=c17 -Wall -Wextra -Werror -o example/example example/example.c *.c
 *	example/example
 *
 * Exits with 0 if everything is as expected.
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../format.h"
#include "../vmm_gpt.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* The memory for table pages; the CPU would see it from 4 GiB on. */
#define TABLES	 64
#define BASE_PFN (UINT64_C(4) * 1024 * MIB / VMM_GPT_PAGE_SIZE)

/* The pages that are mapped. They would belong to the guest and are never accessed here. */
#define GUEST_PFN UINT64_C(0x200000)

struct arena {
	uint8_t *memory;
	struct vmm_gpt_node nodes[TABLES]; /* one per page */
	struct vmm_gpt_node *free;	   /* linked by .next */
	unsigned used;
};

#define EXPECT(what) expect(what, #what)
static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	printf("WRONG: not so: %s\n", what);
	exit(1);
}

/* ---- The hooks ---- */

static struct vmm_gpt_node *get_table(void *ctx)
{
	struct arena *arena = ctx;
	struct vmm_gpt_node *node = arena->free;
	uint64_t *page;

	if (!node)
		return NULL;
	arena->free = node->next;
	arena->used++;
	page = (uint64_t *)(arena->memory + (node->pfn - BASE_PFN) * VMM_GPT_PAGE_SIZE);
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++)
		page[i] = 0;
	return node;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct arena *arena = ctx;

	node->next = arena->free;
	arena->free = node;
	arena->used--;
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	struct arena *arena = ctx;

	return &arena->nodes[pfn - BASE_PFN];
}

static void arena_init(struct arena *arena)
{
	*arena = (struct arena){ 0 };
	arena->memory = mmap(NULL, TABLES * VMM_GPT_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(arena->memory != MAP_FAILED);
	for (unsigned i = TABLES; i--;) {
		arena->nodes[i] = (struct vmm_gpt_node){ .pfn = BASE_PFN + i, .next = arena->free };
		arena->free = &arena->nodes[i];
	}
}

/* ---- Printing ---- */

static void print_extents(const struct vmm_gpt *gpt, const char *title)
{
	static const char *const sizes[] = { "?", "4 KiB", "2 MiB", "1 GiB" };
	struct vmm_gpt_extent e, one;
	uint64_t leaves;

	printf("  %s, %" PRIu64 " tables:\n", title, gpt->tables);
	for (uint64_t gpa = 0; vmm_gpt_next(gpt, gpa, 16 * MIB, &e); gpa = e.end) {
		printf("    0x%07" PRIx64, e.start);
		if (e.kind != VMM_GPT_MAPPED) {
			printf("-0x%07" PRIx64 " %s\n", e.end,
			       e.kind == VMM_GPT_HOLE ? "hole" : "empty");
			continue;
		}
		one = e;
		for (leaves = 1; vmm_gpt_next(gpt, e.end, 16 * MIB, &one); leaves++) {
			if (one.kind != VMM_GPT_MAPPED || one.leaf.level != e.leaf.level ||
			    one.leaf.prot != e.leaf.prot || one.leaf.dirty != e.leaf.dirty)
				break;
			e.end = one.end;
		}
		printf("-0x%07" PRIx64 " %" PRIu64 " leaves of %s, %c%c%c%s, from pfn 0x%" PRIx64
		       "\n",
		       e.end, leaves, sizes[e.leaf.level], e.leaf.prot & VMM_GPT_READ ? 'r' : '-',
		       e.leaf.prot & VMM_GPT_WRITE ? 'w' : '-',
		       e.leaf.prot & VMM_GPT_EXEC ? 'x' : '-', e.leaf.dirty ? ", dirty" : "",
		       e.leaf.pfn);
	}
}

static void complain(void *arg, uint64_t gpa, unsigned level, uint64_t entry, const char *what)
{
	(void)arg;
	printf("WRONG: gpa 0x%" PRIx64 " level %u entry 0x%" PRIx64 ": %s\n", gpa, level, entry,
	       what);
}

static void count_leaf(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	(void)gpa;
	(void)leaf;
	++*(unsigned *)arg;
}

/* ---- Operations ---- */

/* Maps two leaves of 2 MiB, and one page below them. */
static void map(struct vmm_gpt *gpt)
{
	struct vmm_gpt_result r;

	r = vmm_gpt_populate_region(gpt, 64 * KIB, 128 * KIB, 1);
	EXPECT(r.error == VMM_GPT_OK && r.entry == 3); /* a table of each level below the root */
	r = vmm_gpt_populate_region(gpt, 2 * MIB, 6 * MIB, 2);
	EXPECT(r.error == VMM_GPT_OK && r.entry == 0);
	r = vmm_gpt_map(gpt, 64 * KIB, GUEST_PFN + 7, 1, VMM_GPT_READ | VMM_GPT_EXEC, VMM_GPT_WB);
	EXPECT(r.changed && r.flush == VMM_GPT_FLUSH_NONE);
	r = vmm_gpt_map(gpt, 64 * KIB, GUEST_PFN + 8, 1, VMM_GPT_READ, VMM_GPT_WB);
	EXPECT(r.error == VMM_GPT_CONFLICT); /* the existing mapping stays */
	r = vmm_gpt_map_region(gpt, 2 * MIB, 6 * MIB, GUEST_PFN + 512, VMM_GPT_RWX, VMM_GPT_WB, 3,
			       NULL);
	EXPECT(r.error == VMM_GPT_OK && r.entry == 2);
	r = vmm_gpt_map(gpt, 8 * MIB, GUEST_PFN, 1, VMM_GPT_RWX, VMM_GPT_WB);
	EXPECT(r.error == VMM_GPT_NOT_POPULATED);
}

/* A walker must be in a section while it holds a pointer into the tables. */
static void look_up(struct vmm_gpt *gpt, struct vmm_gpt_reader *section)
{
	struct vmm_gpt_leaf leaf;
	vmm_gpt_pte_t *ptep;
	unsigned level;

	vmm_gpt_read_lock(gpt, section);
	ptep = vmm_gpt_lookup(gpt, 3 * MIB, &level);
	EXPECT(ptep && level == 2 && vmm_gpt_is_mapped(gpt, ptep, level, &leaf));
	printf("  gpa 0x300000: entry 0x%016" PRIx64 ", a leaf of level %u, pfn 0x%" PRIx64 "\n",
	       *ptep, level, leaf.pfn);
	EXPECT(leaf.pfn == GUEST_PFN + 512 && leaf.prot == VMM_GPT_RWX && !leaf.dirty);
	/* As the CPU does on a write. */
	EXPECT(vmm_gpt_reset_dirty(gpt, ptep, true).changed);
	vmm_gpt_read_unlock(section);
}

static void split_and_merge(struct vmm_gpt *gpt, struct vmm_gpt_retired *taken)
{
	struct vmm_gpt_result r = vmm_gpt_split(gpt, 2 * MIB, 1);
	unsigned dirty = 0;

	EXPECT(r.changed && r.entry == 1 && r.flush == VMM_GPT_FLUSH_REQUIRED);
	r = vmm_gpt_protect_region(gpt, 2 * MIB, 3 * MIB, VMM_GPT_READ | VMM_GPT_EXEC);
	EXPECT(r.entry == 256 && r.flush == VMM_GPT_FLUSH_REQUIRED);
	print_extents(gpt, "split, and half of it read-only");
	r = vmm_gpt_merge(gpt, 2 * MIB, 2, taken);
	EXPECT(r.error == VMM_GPT_CONFLICT && !r.changed); /* the leaves differ */
	r = vmm_gpt_protect_region(gpt, 2 * MIB, 4 * MIB, VMM_GPT_RWX);
	EXPECT(r.entry == 256 && r.flush == VMM_GPT_FLUSH_NONE); /* rights added */
	r = vmm_gpt_merge(gpt, 2 * MIB, 2, taken);
	EXPECT(r.changed && taken->count == 1);
	r = vmm_gpt_collect(gpt, 0, 16 * MIB, VMM_GPT_DIRTY, true, count_leaf, &dirty);
	EXPECT(!r.error && dirty == 1); /* the leaf that was written, merged again */
}

/* Retired pages are freed only when nothing can reach them any more. */
static void take_down(struct vmm_gpt *gpt, struct vmm_gpt_retired *taken)
{
	struct vmm_gpt_result r = vmm_gpt_vacate_region(gpt, 0, 16 * MIB, taken);
	uint64_t stamp;

	EXPECT(r.error == VMM_GPT_STILL_MAPPED);
	r = vmm_gpt_unmap_region(gpt, 0, 16 * MIB, NULL, NULL);
	EXPECT(r.entry == 1 + 2 * 512 && r.flush == VMM_GPT_FLUSH_REQUIRED);
	r = vmm_gpt_vacate_region(gpt, 0, 16 * MIB, taken);
	EXPECT(r.error == VMM_GPT_OK && gpt->tables == 1);
	printf("  unmapped and vacated: %" PRIu64 " tables to be given back after a flush\n",
	       taken->count);
	stamp = vmm_gpt_grace_start(gpt);
	/* here each CPU that ran the guest would execute INVEPT or use TLB_CONTROL */
	EXPECT(vmm_gpt_grace_elapsed(gpt, stamp)); /* no walker is in an old section */
	vmm_gpt_free_retired(gpt, taken);
}

static void demonstrate(const struct vmm_gpt_format *format, const char *root_name)
{
	const struct vmm_gpt_caps caps = { .maxphyaddr = 46, .leaf_2m = true, .track_ad = true };
	static struct arena arena;
	struct vmm_gpt_reader section;
	struct vmm_gpt_retired taken = { 0 };
	struct vmm_gpt gpt;

	arena_init(&arena);

	const struct vmm_gpt_hooks hooks = {
		.ctx = &arena,
		.page_base = (uintptr_t)arena.memory - (uintptr_t)(BASE_PFN * VMM_GPT_PAGE_SIZE),
		.get_table = get_table,
		.put_table = put_table,
		.node_of = node_of,
	};

	EXPECT(vmm_gpt_alloc(&gpt, format, &caps, &hooks).error == VMM_GPT_OK);
	vmm_gpt_register_reader(&gpt, &section);
	printf("%s: %s 0x%016" PRIx64 "\n", format->name, root_name, vmm_gpt_get_pmtp(&gpt, true));
	map(&gpt);
	print_extents(&gpt, "mapped");
	look_up(&gpt, &section);
	split_and_merge(&gpt, &taken);
	print_extents(&gpt, "merged");
	EXPECT(vmm_gpt_check(&gpt, complain, NULL) == 0);
	take_down(&gpt, &taken);
	vmm_gpt_free(&gpt);
	EXPECT(arena.used == 0);
	munmap(arena.memory, TABLES * VMM_GPT_PAGE_SIZE);
}

int main(void)
{
	demonstrate(&vmm_gpt_ept, "EPTP");
	demonstrate(&vmm_gpt_npt, "nCR3");
	printf("all as it has to be\n");
	return 0;
}
