/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All interleavings of each two operations that may run concurrently, at the granularity of
 * single accesses to entries, from all start states, on both formats: each outcome must be
 * that of a sequential order (spec.h). Also each of these pairs concurrently with a CPU that
 * writes, from some start states. In the environment: GPT_N=2: from all; GPT_N=3: each
 * three operations; GPT_N=0: only pairs.
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
#include "test/unit/interleave/sched.h"
#include "test/unit/interleave/spec.h"

static struct {
	uint64_t pairs, stories, orders, failed;
	struct sched_numbers search;
} total;

static struct outcome last;

static bool is_allowed(void *arg)
{
	(void)arg;
	memset(&last, 0, sizeof(last));
	outcome_now(&last);
	return spec_allows(&last);
}

static void print_outcome(const struct outcome *o, unsigned count)
{
	printf("#    pages");
	for (unsigned page = 0; page < PAGES; page++)
		printf(" %llx", (unsigned long long)o->pages[page]);
	printf("\n");
	for (unsigned i = 0; i < count; i++) {
		const struct vmm_gpt_result *r = &o->reports[i].result;

		printf("#    %u: %s changed %d flush %u level %u entry %llx told", i,
		       vmm_gpt_error_name(r->error), r->changed, r->flush, r->level,
		       (unsigned long long)r->entry);
		for (unsigned page = 0; page < PAGES; page++)
			printf(" %llx", (unsigned long long)o->reports[i].told[page]);
		printf("\n");
	}
}

static void report_failure(const struct op *const ops[], unsigned count, enum start start,
			   const char *why, const char *trail)
{
	char name[80];

	printf("# %s, from %s: %s, by schedule %s\n", live_is_ept ? "EPT" : "nPT",
	       start_name(start), why, trail);
	for (unsigned i = 0; i < count; i++)
		printf("#    %u: %s\n", i, op_name(ops[i], name, sizeof(name)));
	if (total.failed++)
		return;
	printf("#  came of it:\n");
	print_outcome(&last, count);
	for (unsigned i = 0; i < spec_count(); i++) {
		printf("#  or, allowed:\n");
		print_outcome(spec_nth(i), count);
	}
}

static void tell_story(const struct op *const ops[], unsigned count, enum start start,
		       const struct vmm_gpt_format *format, bool small_exec)
{
	const char *why, *trail;

	world_start(start, format, small_exec);
	spec_allow(ops, count);
	total.stories++;
	total.orders += spec_count();
	if (world_broken)
		report_failure(ops, count, start, world_broken, "(alone)");
	else if (!sched_explore(ops, count, is_allowed, NULL, &total.search, &why, &trail))
		report_failure(ops, count, start, why, trail);
}

static void tell_all_starts(const struct op *const ops[], unsigned count,
			    const struct vmm_gpt_format *format, bool small_exec)
{
	total.pairs++;
	for (enum start start = 0; start < STARTS; start++)
		tell_story(ops, count, start, format, small_exec);
}

static void conclude(void)
{
	uint64_t failed;

	printf("# pairs %llu, stories %llu (a pair from a start), orders' outcomes %llu\n",
	       (unsigned long long)total.pairs, (unsigned long long)total.stories,
	       (unsigned long long)total.orders);
	printf("# schedules %.6g, by %llu states, %llu accesses, %llu ends\n",
	       total.search.schedules, (unsigned long long)total.search.states,
	       (unsigned long long)total.search.accesses, (unsigned long long)total.search.ends);
	failed = total.failed;
	memset(&total, 0, sizeof(total));
	assert_int_equal(failed, 0);
}

static unsigned how_much(void)
{
	const char *n = getenv("GPT_N");

	return n ? (unsigned)atoi(n) : 1;
}

static bool may_be_together(const struct op *const ops[], unsigned count)
{
	unsigned exclusive = 0;

	for (unsigned i = 0; i < count; i++)
		exclusive += op_is_exclusive(ops[i]);
	return exclusive <= 1;
}

static void of_every_pair(void **state)
{
	for (const struct op *a = all_ops; a->pages; a++)
		for (const struct op *b = a; b->pages; b++) {
			const struct op *ops[] = { a, b };

			if (may_be_together(ops, 2))
				tell_all_starts(ops, 2, *state, false);
		}
	conclude();
}

/* What only looks makes no difference to others. */
static bool only_looks(const struct op *op)
{
	return op->kind == OP_LOOK || op->kind == OP_NEXT || op->kind == OP_WALK;
}

static void of_pairs_and_a_writing_cpu(void **state)
{
	static const struct op write = { .kind = OP_HARDWARE, .pages = 1, .on = true };
	static const enum start starts[] = { START_LEAF_4K, START_FULL_AD, START_LARGE };

	for (const struct op *a = all_ops; how_much() > 0 && a->pages; a++)
		for (const struct op *b = a; b->pages; b++) {
			const struct op *ops[] = { a, b, &write };

			if (only_looks(a) || only_looks(b) || !may_be_together(ops, 3))
				continue;
			total.pairs++;
			for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
				tell_story(ops, 3, starts[i], *state, false);
		}
	conclude();
}

static void of_every_three(void **state)
{
	for (const struct op *a = all_ops; how_much() > 1 && a->pages; a++)
		for (const struct op *b = a; b->pages; b++)
			for (const struct op *c = b; c->pages; c++) {
				const struct op *ops[] = { a, b, c };

				if (may_be_together(ops, 3) &&
				    (how_much() > 2 ||
				     (c->kind == OP_HARDWARE && c->on && !c->first) ||
				     (b->kind == OP_HARDWARE && b->on && !b->first)))
					tell_all_starts(ops, 3, *state, false);
			}
	conclude();
}

/* Where a CPU must not have large leaves that are executable. */
static void of_protect_and_map(void **state)
{
	static const struct op ops[][2] = {
		{ { .kind = OP_PROTECT, .pages = 4, .prot = VMM_GPT_RWX },
		  { .kind = OP_MAP, .pages = 2, .level = 2, .run = RUN_A, .prot = 3 } },
		{ { .kind = OP_PROTECT, .pages = 4, .prot = VMM_GPT_RWX },
		  { .kind = OP_MAP, .pages = 4, .level = 3, .run = RUN_A, .prot = 3 } },
		{ { .kind = OP_PROTECT, .pages = 1, .prot = VMM_GPT_RWX, .cuts = true },
		  { .kind = OP_MAP, .pages = 4, .level = 3, .run = RUN_A, .prot = 3 } },
		{ { .kind = OP_PROTECT, .pages = 4, .prot = VMM_GPT_RWX },
		  { .kind = OP_MERGE, .pages = 1, .level = 2 } },
		{ { .kind = OP_PROTECT, .pages = 4, .prot = VMM_GPT_RWX },
		  { .kind = OP_SPLIT, .pages = 1, .level = 1 } },
		{ { .kind = OP_PROTECT, .pages = 4, .prot = VMM_GPT_RWX },
		  { .kind = OP_UNMAP, .pages = 1 } },
	};

	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const struct op *both[] = { &ops[i][0], &ops[i][1] };

		tell_all_starts(both, 2, *state, true);
	}
	conclude();
}

/* No walker in its section uses a page that was given back. */
static void of_walkers_and_reuse(void **state)
{
	static const struct op reuse[] = {
		{ .kind = OP_RECYCLE, .pages = 1 },
		{ .kind = OP_RECYCLE, .pages = 4 },
		{ .kind = OP_RECYCLE, .pages = 2, .level = 2 },
		{ .kind = OP_RECYCLE, .pages = 4, .level = 3 },
	};
	static const struct op visits[] = {
		{ .kind = OP_VISIT, .pages = 1, .level = 0 },
		{ .kind = OP_VISIT, .first = 1, .pages = 1, .level = 1 },
	};

	for (unsigned i = 0; i < sizeof(reuse) / sizeof(reuse[0]); i++) {
		const struct op *ops[] = { &reuse[i], &visits[0], &visits[1] };

		tell_all_starts(ops, 2, *state, false);
		tell_all_starts(ops, 3, *state, false);
	}
	conclude();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "every pair EPT", of_every_pair, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "every pair nPT", of_every_pair, NULL, NULL, (void *)&vmm_gpt_npt },
		{ "small_exec EPT", of_protect_and_map, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "small_exec nPT", of_protect_and_map, NULL, NULL, (void *)&vmm_gpt_npt },
		{ "pairs, and a write EPT", of_pairs_and_a_writing_cpu, NULL, NULL,
		  (void *)&vmm_gpt_ept },
		{ "pairs, and a write nPT", of_pairs_and_a_writing_cpu, NULL, NULL,
		  (void *)&vmm_gpt_npt },
		{ "every three EPT", of_every_three, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "every three nPT", of_every_three, NULL, NULL, (void *)&vmm_gpt_npt },
		{ "sections EPT", of_walkers_and_reuse, NULL, NULL, (void *)&vmm_gpt_ept },
		{ "sections nPT", of_walkers_and_reuse, NULL, NULL, (void *)&vmm_gpt_npt },
	};

	return cmocka_run_group_tests_name("gpt interleavings", tests, NULL, NULL);
}
