/* SPDX-License-Identifier: BSD-2-Clause */
/* The workers' lock-free operations, and the accounting; see test_gpt_threads.c. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>

#include "test/unit/threads/threads.h"

unsigned roll(struct thread *t, unsigned n)
{
	t->seed ^= t->seed >> 12;
	t->seed ^= t->seed << 25;
	t->seed ^= t->seed >> 27;
	return (unsigned)((t->seed * 2685821657736338717u >> 32) % n);
}

static void note_bits(uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	if (gpa >= KEPT * PAGE)
		return;
	ADD(bit_balance[0][gpa / PAGE], -(int64_t)leaf->accessed);
	ADD(bit_balance[1][gpa / PAGE], -(int64_t)leaf->dirty);
}

static void note_token(uint64_t pfn, unsigned pages, unsigned what)
{
	for (unsigned i = 0; i < pages; i++) {
		EXPECT(pfn + i < sizeof(tokens));
		ADD(tokens[pfn + i], (uint8_t)what);
	}
}

/* Somebody took this leaf out. */
static void gone(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	(void)arg;
	note_bits(gpa, leaf);
	if (leaf->pfn >= SAME_PFN)
		ADD(balance[gpa / PAGE], -1);
	else if (leaf->pfn >= REGION_PFN)
		ADD(region_leaves, -1);
	else
		note_token(leaf->pfn, leaf->level == 1 ? 1 : VMM_GPT_ENTRIES, UNMAPPED);
}

static void unmapped(uint64_t page, struct vmm_gpt_result r)
{
	struct vmm_gpt_leaf leaf;
	uint64_t size = UINT64_C(1) << (r.level - 1) * VMM_GPT_INDEX_BITS;

	EXPECT(vmm_gpt_is_mapped(&f.gpt, &r.entry, r.level, &leaf));
	gone(NULL, page / size * size * PAGE, &leaf);
}

/* ---- Workers ---- */

static void check_map(struct vmm_gpt_result r)
{
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_CONFLICT || r.error == VMM_GPT_RETRY ||
	       r.error == VMM_GPT_NOT_POPULATED || r.error == VMM_GPT_WRONG_SIZE);
	EXPECT(!r.changed || !r.error);
	EXPECT(r.entry != POISON);
}

static struct vmm_gpt_result map_by(struct thread *t, unsigned page, uint64_t pfn, unsigned level)
{
	struct vmm_gpt_result r;
	unsigned found = 0;
	vmm_gpt_pte_t *ptep;

	if (roll(t, 2)) {
		ptep = vmm_gpt_lookup(&f.gpt, page * PAGE, &found);
		if (roll(t, 4) == 0)
			sched_yield();
		if (ptep && found != level)
			return (struct vmm_gpt_result){ .error = VMM_GPT_WRONG_SIZE };
		r = vmm_gpt_map_at(&f.gpt, ptep, pfn, level, RWX, WB);
	} else {
		r = vmm_gpt_map(&f.gpt, page * PAGE, pfn, level, RWX, WB);
	}
	check_map(r);
	return r;
}

static void do_map(struct thread *t)
{
	unsigned zone = roll(t, 3), page = roll(t, 64), level = 1;
	uint64_t pfn;

	if (zone == 0) {
		if (map_by(t, SAME + page, SAME_PFN + page * 4 + roll(t, 2), 1).changed)
			ADD(balance[page], 1);
		return;
	}
	if (t->next_token + 16 > TOKENS)
		return;
	page = zone == 1 ? ONCE + page % (REGION - ONCE) : LARGE + page;
	if (zone == 2 && roll(t, 2)) {
		level = 2;
		page -= page % VMM_GPT_ENTRIES;
		t->next_token += -t->next_token % VMM_GPT_ENTRIES;
	}
	pfn = t->number * TOKENS + t->next_token;
	if (!map_by(t, page, pfn, level).changed)
		return;
	t->next_token += level == 1 ? 1 : VMM_GPT_ENTRIES;
	note_token(pfn, level == 1 ? 1 : VMM_GPT_ENTRIES, MAPPED);
}

static void do_unmap(struct thread *t)
{
	unsigned page = roll(t, 192);
	struct vmm_gpt_result r;

	page += page >= KEPT ? LARGE - KEPT : 0;
	r = vmm_gpt_unmap(&f.gpt, page * PAGE);
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY);
	if (r.changed)
		unmapped(page, r);
}

/* Where nothing can stick out: single pages, or whole large entries. */
static void roll_range(struct thread *t, unsigned *from, unsigned *to)
{
	*from = roll(t, KEPT);
	*to = *from + 1 + roll(t, KEPT - *from);
	if (roll(t, 2) == 0) {
		*from = LARGE + roll(t, 8) * VMM_GPT_ENTRIES;
		*to = *from + VMM_GPT_ENTRIES;
	}
}

static void do_unmap_region(struct thread *t)
{
	struct vmm_gpt_result r;
	unsigned from, to;

	roll_range(t, &from, &to);
	r = vmm_gpt_unmap_region(&f.gpt, from * PAGE, to * PAGE, gone, NULL);
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY);
	EXPECT(r.changed == (r.entry > 0));
}

static void do_protect(struct thread *t)
{
	unsigned from = KEPT, to = LARGE;
	struct vmm_gpt_result r;

	if (roll(t, 2))
		roll_range(t, &from, &to);
	if (to > REGION && to <= KEPT) {
		from = 0;
		to = REGION;
	}
	/* Rights that all maps agree on come back soon. */
	r = vmm_gpt_protect_region(&f.gpt, from * PAGE, to * PAGE,
				   roll(t, 3) ? RWX : (unsigned)VMM_GPT_READ);
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY);
}

static void collected(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	const unsigned *cleared = arg;
	struct vmm_gpt_leaf bits = *leaf;

	bits.accessed &= *cleared & VMM_GPT_ACCESSED;
	bits.dirty &= !!(*cleared & VMM_GPT_DIRTY);
	EXPECT(gpa < KEPT * PAGE || !*cleared || gpa >= LARGE * PAGE);
	note_bits(gpa, &bits);
}

static void do_collect(struct thread *t)
{
	unsigned bits = 1 + roll(t, 3), from, to, cleared = bits;
	struct vmm_gpt_result r;

	roll_range(t, &from, &to);
	r = vmm_gpt_collect(&f.gpt, from * PAGE, to * PAGE, bits, true, collected, &cleared);
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY);
	cleared = 0;
	r = vmm_gpt_collect(&f.gpt, KEPT * PAGE, LARGE * PAGE, bits, false, collected, &cleared);
	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY);
}

static void do_reset(struct thread *t)
{
	unsigned page = roll(t, KEPT), on = roll(t, 2), dirty = roll(t, 2);
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&f.gpt, page * PAGE, NULL);
	struct vmm_gpt_result r = dirty ? vmm_gpt_reset_dirty(&f.gpt, ptep, on) :
					  vmm_gpt_reset_accessed(&f.gpt, ptep, on);

	EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_RETRY ||
	       r.error == VMM_GPT_NOT_POPULATED);
	if (r.changed)
		ADD(bit_balance[dirty][page], on ? 1 : -1);
}

static void do_look(struct thread *t)
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	struct vmm_gpt_extent e;
	uint64_t gpa;
	unsigned n = vmm_gpt_walk(&f.gpt, roll(t, PAGES) * PAGE, entries, VMM_GPT_LEVELS);

	EXPECT(n >= 1);
	for (unsigned i = 0; i < n; i++)
		EXPECT(__atomic_load_n(entries[i], __ATOMIC_ACQUIRE) != POISON);
	for (gpa = 0; vmm_gpt_next(&f.gpt, gpa, PAGES * PAGE, &e); gpa = e.end)
		EXPECT(e.start == gpa && e.end > gpa &&
		       (e.kind == VMM_GPT_MAPPED || gpa < KEPT * PAGE || gpa >= LARGE * PAGE));
	EXPECT(gpa == PAGES * PAGE);
}

void *work(void *arg)
{
	static void (*const ops[])(struct thread *) = { do_map,	  do_map,	   do_map,
							do_map,	  do_unmap,	   do_unmap,
							do_reset, do_unmap_region, do_collect,
							do_look,  do_protect,	   do_reset };
	struct thread *t = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		vmm_gpt_read_lock(&f.gpt, &t->section);
		ops[roll(t, sizeof(ops) / sizeof(ops[0]))](t);
		vmm_gpt_read_unlock(&t->section);
		op_counts[t->number]++;
	}
	return NULL;
}
