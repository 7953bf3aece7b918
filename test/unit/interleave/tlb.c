/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "test/unit/fake_pte.h"
#include "test/unit/interleave/tlb.h"

#define VALUES 64u

/* Values of an entry, oldest first; each is there from its time until the next's. */
struct history {
	struct {
		uint64_t pte;
		unsigned from;
	} of[VALUES];
	unsigned count;
};

static struct history histories[TABLES][ENTRIES];
static unsigned now;

void tlb_flush(void)
{
	now = 0;
	for (unsigned pfn = 1; pfn < TABLES; pfn++)
		for (unsigned i = 0; i < ENTRIES; i++) {
			histories[pfn][i].of[0].pte = world_table(pfn)[i];
			histories[pfn][i].of[0].from = 0;
			histories[pfn][i].count = 1;
		}
}

void tlb_got(uint64_t pfn)
{
	for (unsigned i = 0; i < ENTRIES; i++) {
		histories[pfn][i].of[0].pte = 0;
		histories[pfn][i].of[0].from = now;
		histories[pfn][i].count = 1;
	}
}

void tlb_note(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte)
{
	struct history *h;
	unsigned index;
	uint64_t pfn;

	now++;
	if (old == pte || !world_entry(ptep, &pfn, &index))
		return;
	h = &histories[pfn][index];
	if (h->of[h->count - 1].pte != old)
		broken("an entry was written behind the test's back");
	if (h->count == VALUES) {
		broken("an entry had more values than there is room for");
		return;
	}
	h->of[h->count].pte = pte;
	h->of[h->count++].from = now;
}

typedef void visit_fn(void *arg, unsigned level, uint64_t pfn, unsigned index, uint64_t pte,
		      const struct cpu_entry *entry);

/* All entries that may be used for a page, below a table that a CPU found at this time. */
static void visit(unsigned page, unsigned level, uint64_t pfn, unsigned time, visit_fn *fn,
		  void *arg)
{
	unsigned index = page >> (level - 1) & 1;
	const struct history *h = &histories[pfn][index];

	if (live.use[pfn] != TABLE_OUT)
		broken("a CPU may use a page that is no table any more");
	for (unsigned i = 0; i < h->count; i++) {
		unsigned from = h->of[i].from > time ? h->of[i].from : time;
		struct cpu_entry e = cpu_read(h->of[i].pte, level);

		if (i + 1 < h->count && h->of[i + 1].from <= time)
			continue; /* gone before */
		if (e.kind == CPU_BROKEN)
			broken("a CPU may meet an entry that it does not take");
		fn(arg, level, pfn, index, h->of[i].pte, &e);
		if (e.kind == CPU_TABLE && level > 1)
			visit(page, level - 1, e.pfn, from, fn, arg);
	}
}

static void add(struct tlb_set *set, seen_t seen)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->of[i] == seen)
			return;
	if (set->count == TLB_SET)
		broken("a CPU may use more translations than there is room for");
	else
		set->of[set->count++] = seen;
}

struct usable {
	struct tlb_set *set;
	unsigned page;
};

static void add_usable(void *arg, unsigned level, uint64_t pfn, unsigned index, uint64_t pte,
		       const struct cpu_entry *e)
{
	struct usable *usable = arg;

	(void)pfn;
	(void)index;
	(void)pte;
	if (e->kind == CPU_LEAF)
		add(usable->set, seen_entry(e, level, usable->page) & TLB_SANS_AD);
	else if (e->kind == CPU_ABSENT)
		add(usable->set, TLB_FAULT);
}

void tlb_usable(unsigned page, struct tlb_set *set)
{
	struct usable usable = { set, page };

	set->count = 0;
	visit(page, VMM_GPT_LEVELS, live.gpt.root->pfn, 0, add_usable, &usable);
}

static void add_place(void *arg, unsigned level, uint64_t pfn, unsigned index, uint64_t pte,
		      const struct cpu_entry *entry)
{
	struct tlb_places *places = arg;
	vmm_gpt_pte_t *ptep = world_table(pfn) + index;
	struct cpu_entry e = cpu_read(*ptep, level);

	(void)pte;
	(void)entry;
	if (e.kind != CPU_LEAF || !(e.prot & VMM_GPT_WRITE))
		return;
	for (unsigned i = 0; i < places->count; i++)
		if (places->at[i] == ptep)
			return;
	if (places->count < TLB_SET)
		places->at[places->count++] = ptep;
}

void tlb_places(unsigned page, struct tlb_places *places)
{
	places->count = 0;
	visit(page, VMM_GPT_LEVELS, live.gpt.root->pfn, 0, add_place, places);
}

struct reach {
	uint64_t pfn;
	bool reached;
};

static void is_reached(void *arg, unsigned level, uint64_t pfn, unsigned index, uint64_t pte,
		       const struct cpu_entry *entry)
{
	struct reach *reach = arg;

	(void)level;
	(void)index;
	(void)pte;
	(void)entry;
	reach->reached |= pfn == reach->pfn;
}

bool tlb_reaches(uint64_t pfn)
{
	struct reach reach = { pfn, false };

	for (unsigned page = 0; page < PAGES; page++)
		visit(page, VMM_GPT_LEVELS, live.gpt.root->pfn, 0, is_reached, &reach);
	return reach.reached;
}
