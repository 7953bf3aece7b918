/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware's view, during and between operations. Whatever a CPU has cached since its last
 * flush (tlb.h), it may use for each page only the old translation or the new one, or none if
 * one of them is none or during a merge. After a result that asks for no flush, nothing stale
 * is cached except faults; a result asks for a flush only if it is needed. A CPU's write is
 * never lost: its D is in the tables, or in the operation's result.
 *
 * All sequences of two operations, from all start states, on both formats. GPT_N in the
 * environment: the number of operations.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gpt/format.h"
#include "test/unit/fake_pte.h"
#include "test/unit/interleave/ops.h"
#include "test/unit/interleave/tlb.h"

#define SCRIPT 4u

static struct {
	uint64_t scripts, operations, writes, used, strikes, failed;
} total;

/* What was true of each page at some time since the flush, and what there may be besides. */
static struct {
	struct tlb_set said[PAGES];
	bool merged[PAGES];
} official;

static seen_t before_write[PAGES];

static void say(struct tlb_set *set, seen_t seen)
{
	seen = (seen & 15) == SEEN_MAPPED ? seen & TLB_SANS_SIZE : TLB_FAULT;
	for (unsigned i = 0; i < set->count; i++)
		if (set->of[i] == seen)
			return;
	set->of[set->count++] = seen;
}

static bool said(const struct tlb_set *set, seen_t seen)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->of[i] == seen)
			return true;
	return false;
}

static bool is_mapped(seen_t seen)
{
	return (seen & 15) == SEEN_MAPPED;
}

/* Behind each write: its size and what it says never change in one write. */
static void after_write(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte)
{
	total.writes++;
	tlb_note(ptep, old, pte);
	for (unsigned page = 0; page < PAGES; page++) {
		seen_t is = seen_now(page), was = before_write[page];

		before_write[page] = is;
		if (is_mapped(is) && is_mapped(was) && (is & SEEN_LEVEL) != (was & SEEN_LEVEL) &&
		    (is & TLB_SANS_SIZE) != (was & TLB_SANS_SIZE))
			broken("size and translation changed in one write");
	}
}

static void on_put(uint64_t pfn)
{
	if (tlb_reaches(pfn))
		broken("a page was given back that a CPU may use");
}

/* Every CPU flushes; what was taken out goes back, and may be used again. */
static void flush(void)
{
	tlb_flush();
	vmm_gpt_free_retired(&live.gpt, &live.taken);
	for (unsigned pfn = 1; pfn < TABLES; pfn++)
		if (live.use[pfn] == TABLE_GONE)
			live.use[pfn] = TABLE_FREE;
	tlb_flush();
	memset(&official, 0, sizeof(official));
	for (unsigned page = 0; page < PAGES; page++)
		say(&official.said[page], seen_now(page));
}

static void begin_at(enum start start, const struct vmm_gpt_format *format)
{
	fake_wrote = NULL;
	world_on_put = world_on_get = NULL;
	world_start(start, format, false);
	flush();
	world_on_put = on_put;
	world_on_get = tlb_got;
}

/* Whether all that a CPU may use for a page has been true, and what of it is stale. */
static bool look_at(unsigned page, seen_t is, bool *other_size)
{
	struct tlb_set set;
	bool stale = false;

	tlb_usable(page, &set);
	total.used += set.count;
	for (unsigned i = 0; i < set.count; i++) {
		seen_t got = set.of[i];
		seen_t what = got == TLB_FAULT ? got : got & TLB_SANS_SIZE;

		if (!said(&official.said[page], what) &&
		    !(got == TLB_FAULT && official.merged[page]))
			broken(got == TLB_FAULT ? "a CPU may find nothing where something is" :
						  "a CPU may use a third translation");
		if (got == TLB_FAULT)
			continue;
		/* The same with fewer rights, or the same: no more than a fault comes of it. */
		stale |= !is_mapped(is) ||
			 ((what ^ is) & TLB_SANS_SIZE & ~((seen_t)VMM_GPT_RWX << 12)) ||
			 ((what & ~is) >> 12 & VMM_GPT_RWX);
		*other_size |= is_mapped(is) && (got & SEEN_LEVEL) != (is & SEEN_LEVEL);
	}
	return stale;
}

/* What a script's operation has done to what hardware sees; was: before it. */
static void check_view(const struct op *op, const struct vmm_gpt_result *r, const seen_t *was)
{
	bool stale = false, other_size = false, unset_d = false, unset_a = false;

	for (unsigned page = 0; page < PAGES; page++) {
		seen_t is = seen_now(page);

		say(&official.said[page], is);
		if (op->kind == OP_MERGE && page < 4)
			official.merged[page] = true;
		stale |= look_at(page, is, &other_size);
		if (is_mapped(is) && is_mapped(was[page])) {
			unset_d |= was[page] & ~is & SEEN_DIRTY;
			unset_a |= was[page] & ~is & SEEN_ACCESSED;
		}
	}
	if (r->flush != VMM_GPT_FLUSH_REQUIRED &&
	    (stale || unset_d || other_size || live.taken.count))
		broken("a flush was not asked for");
	if (r->flush == VMM_GPT_FLUSH_NONE && unset_a)
		broken("an optional flush was not asked for");
	if (r->flush == VMM_GPT_FLUSH_REQUIRED &&
	    !(stale || unset_d || other_size || live.taken.count))
		broken("a flush was asked for, for nothing");
	world_check();
}

static void fail_script(const struct op *const script[], unsigned count, enum start start)
{
	char name[80];

	printf("# %s, from %s: %s\n", live_is_ept ? "EPT" : "nPT", start_name(start), world_broken);
	for (unsigned i = 0; i < count; i++)
		printf("#    %s\n", op_name(script[i], name, sizeof(name)));
	total.failed++;
}

static void conclude(void)
{
	uint64_t failed = total.failed;

	memset(&total, 0, sizeof(total));
	assert_int_equal(failed, 0);
}

/* One more operation of a script; what all CPUs may have cached goes on from before. */
static void do_one(const struct op *op)
{
	struct report report = { 0 };
	seen_t was[PAGES];

	for (unsigned page = 0; page < PAGES; page++)
		was[page] = before_write[page] = seen_now(page);
	fake_wrote = after_write;
	op_once(op, &report);
	fake_wrote = NULL;
	total.operations++;
	if (report.result.error == VMM_GPT_RETRY)
		broken("retry, with nobody else there");
	check_view(op, &report.result, was);
	if (report.result.flush == VMM_GPT_FLUSH_REQUIRED)
		flush();
}

/* Each script of so many operations: by counting in the base of all of them. */
static void of_all_scripts(void **state)
{
	const char *n = getenv("GPT_N");
	unsigned length = n ? (unsigned)atoi(n) : 2, ops = 0;
	uint64_t scripts = 1;

	assert_true(length >= 1 && length <= SCRIPT);
	while (all_ops[ops].pages)
		ops++;
	for (unsigned i = 0; i < length; i++)
		scripts *= ops;
	for (enum start start = 0; start < STARTS; start++)
		for (uint64_t s = 0; s < scripts; s++) {
			const struct op *script[SCRIPT];
			uint64_t rest = s;

			begin_at(start, *state);
			for (unsigned i = 0; i < length && !world_broken; i++, rest /= ops) {
				script[i] = &all_ops[rest % ops];
				do_one(script[i]);
				if (world_broken)
					fail_script(script, i + 1, start);
			}
			total.scripts++;
		}
	printf("# scripts %llu, operations %llu, writes %llu, usable translations %llu\n",
	       (unsigned long long)total.scripts, (unsigned long long)total.operations,
	       (unsigned long long)total.writes, (unsigned long long)total.used);
	conclude();
}

/* A CPU's write to a page, right before the n-th access of an operation. */
static struct {
	unsigned access, page, place; /* when, where, by which of the leaves it may reach */
	unsigned accesses, places;    /* that there were */
	bool done, told;	      /* that D was told of before */
	const struct report *report;
} strike;

static void strike_now(void)
{
	uint64_t set = cpu_accessed() | cpu_dirty();
	struct tlb_places places;
	uint64_t old;

	tlb_places(strike.page, &places);
	strike.places = places.count;
	if (strike.place >= places.count)
		return;
	old = *places.at[strike.place];
	*places.at[strike.place] |= set;
	tlb_note(places.at[strike.place], old, old | set);
	strike.done = true;
	strike.told = strike.report->told[strike.page] & SEEN_DIRTY;
}

static void count_access(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	(void)access;
	(void)ptep;
	if (strike.accesses++ == strike.access)
		strike_now();
}

/* Whether D of a page is in the tables, or was told of. */
static bool knows_dirty(const struct op *op, const struct report *report, unsigned page, bool told)
{
	bool one = op->kind == OP_UNMAP || (op->kind == OP_RESET_DIRTY && !op->on);
	unsigned shift = report->result.level ? report->result.level - 1 : 0;

	if (seen_now(page) & SEEN_DIRTY && is_mapped(seen_now(page)))
		return true;
	if (one && report->result.changed && page >> shift == (unsigned)op->first >> shift)
		return report->result.entry & cpu_dirty();
	return !told && (report->told[page] & SEEN_DIRTY);
}

/* False: there was no such access any more. */
static bool run_strike(const struct op *op, const struct image *image)
{
	struct report report = { 0 };
	bool was_dirty[PAGES];
	bool late;

	world_load(image);
	tlb_flush();
	for (unsigned page = 0; page < PAGES; page++)
		was_dirty[page] = is_mapped(seen_now(page)) && (seen_now(page) & SEEN_DIRTY);
	strike.accesses = strike.places = 0;
	strike.done = strike.told = false;
	strike.report = &report;
	fake_race = count_access;
	fake_wrote = tlb_note;
	op_once(op, &report);
	fake_race = NULL;
	fake_wrote = NULL;
	late = strike.access >= strike.accesses;
	if (late) /* before the flush */
		strike_now();
	total.strikes++;
	if (strike.done && !knows_dirty(op, &report, strike.page, late || strike.told))
		broken("a CPU wrote, and nobody knows");
	for (unsigned page = 0; page < PAGES; page++)
		if (was_dirty[page] && !knows_dirty(op, &report, page, false))
			broken("a page was dirty, and nobody knows");
	return !late;
}

static void strike_all(const struct op *op, enum start start)
{
	static struct image image;

	world_save(&image);
	for (strike.page = 0; strike.page < 4; strike.page++)
		for (strike.place = 0;; strike.place++) {
			bool any = false, more = true;

			for (strike.access = 0; more && !world_broken; strike.access++) {
				more = run_strike(op, &image);
				any |= strike.places > strike.place + 1;
			}
			if (world_broken) {
				printf("# page %u, access %u, place %u\n", strike.page,
				       strike.access, strike.place);
				fail_script(&op, 1, start);
				world_broken = NULL;
			}
			if (!any)
				break;
		}
}

static bool changes_nothing(const struct op *op)
{
	return op->kind == OP_LOOK || op->kind == OP_NEXT || op->kind == OP_WALK;
}

/* From the start states, and from what one operation makes of them. */
static void no_write_of_a_cpu_is_lost(void **state)
{
	for (enum start start = 0; start < STARTS; start++)
		for (const struct op *first = all_ops; first->pages; first++)
			for (const struct op *op = all_ops; op->pages; op++) {
				if (changes_nothing(op) ||
				    (changes_nothing(first) && first->kind != OP_WALK))
					continue;
				begin_at(start, *state);
				do_one(first);
				flush();
				strike_all(op, start);
			}
	printf("# writes by a CPU, each with an operation to its end: %llu\n",
	       (unsigned long long)total.strikes);
	conclude();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "scripts EPT", of_all_scripts, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "scripts nPT", of_all_scripts, NULL, NULL, (void *)&vmm_gpt_npt },
		{ "dirty EPT", no_write_of_a_cpu_is_lost, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "dirty nPT", no_write_of_a_cpu_is_lost, NULL, NULL, (void *)&vmm_gpt_npt },
	};

	return cmocka_run_group_tests_name("gpt as hardware sees it", tests, NULL, NULL);
}
