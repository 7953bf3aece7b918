/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world around a tiny table, small enough to be copied at each step: three levels of two
 * entries, so eight pages, and leaves of one, two and four pages. There is one live world;
 * images of it are saved and restored.
 */
#ifndef TEST_UNIT_INTERLEAVE_WORLD_H
#define TEST_UNIT_INTERLEAVE_WORLD_H

#include "gpt/vmm_gpt.h"

#define PAGE	VMM_GPT_PAGE_SIZE
#define TABLES	20 /* pfns of table pages: 1 .. TABLES - 1 */
#define ENTRIES VMM_GPT_ENTRIES
#define PAGES	8
#define TYPE	VMM_GPT_WP /* nPT encodes it with PAT, a bit whose position depends on the level */
#define OPS	3	   /* the most operations that run concurrently */

_Static_assert(VMM_GPT_LEVELS == 3 && VMM_GPT_INDEX_BITS == 1, "the tiny geometry");

enum table_use {
	TABLE_FREE,
	TABLE_OUT,  /* in the tree, retired, or held by an operation */
	TABLE_GONE, /* freed, and filled with poison */
};

/* The observed state of a page: packed by cpu.h. */
typedef uint64_t seen_t;

/* The result of an operation, and what it reported for each page. */
struct report {
	struct vmm_gpt_result result;
	seen_t told[PAGES];
};

/* All state, except the tables, that operations may depend on. */
struct state {
	struct vmm_gpt gpt;
	struct vmm_gpt_node nodes[TABLES];
	struct vmm_gpt_retired taken;
	struct vmm_gpt_reader sections[OPS];
	uint8_t use[TABLES];
	struct report reports[OPS];
};

struct image {
	struct state state;
	uint64_t entries[TABLES][ENTRIES];
};

extern struct state live;
extern bool live_is_ept;
/* The first reason why the world is broken; NULL: it is not. */
extern const char *world_broken;
/* Called with each table page that is allocated, and freed; may be NULL. */
extern void (*world_on_get)(uint64_t pfn);
extern void (*world_on_put)(uint64_t pfn);

void broken(const char *why);

/* Starts with an empty table of this format; discards the previous world. */
void world_begin(const struct vmm_gpt_format *format, bool small_exec);

void world_save(struct image *image);
void world_load(const struct image *image);

vmm_gpt_pte_t *world_table(uint64_t pfn);
/* The table page and the index of an entry. False: ptep is not an entry. */
bool world_entry(const vmm_gpt_pte_t *ptep, uint64_t *pfn, unsigned *index);

/* Checks that nodes, counts and entries agree and no table page is lost; else calls broken(). */
void world_check(void);

/*
 * Start states. Runs of pages are A and B: page n of run A is pfn RUN_A + n.
 */
#define RUN_A 0x100u
#define RUN_B 0x200u

enum start {
	START_VACANT,
	START_EMPTY_4K, /* all pages empty, by entries of level 1 */
	START_EMPTY_LARGE,
	START_EMPTY_HUGE,
	START_LEAF_4K, /* page 0, in a full table */
	START_PARTLY,  /* page 0 mapped, 1 empty, 2 vacant, 3 mapped, the rest vacant */
	START_FULL_4K, /* one run of 4 KiB leaves over all pages */
	START_FULL_AD, /* likewise; some are dirty, some accessed */
	START_LARGE,   /* a run of leaves of two pages; the first is dirty */
	START_HUGE,    /* a run of leaves of four pages; the first is accessed */
	START_MIXED,   /* 0, 1: a large leaf; 2, 3: a full table; 4: empty and large */
	STARTS,
};

const char *start_name(enum start start);
void world_start(enum start start, const struct vmm_gpt_format *format, bool small_exec);

#endif
