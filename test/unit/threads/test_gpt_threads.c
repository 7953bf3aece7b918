/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads on real CPUs: workers that use the lock-free operations, one owner that adds and
 * removes tables, and one that acts as hardware: it walks the tables, and sets A and D.
 * Tables are small, so collisions are frequent. Built with the thread sanitizer, and with the
 * others.
 *
 * Pages, 64 for each entry of the root:
 *
 *	0..63	 leaves of one page; all workers map the same pfns
 *	64..111	 leaves of one page; each pfn is used once
 *	112..127 the same, by ranges, never protected: so there are no conflicts
 *	128..191 always mapped; split and merged, rights change
 *	192..255 leaves of 1 and 8 pages; each pfn is used once; split and merged
 *
 * The first two and the last are populated and vacated all the time.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <string.h>
#include <time.h>

#include "test/unit/threads/threads.h"

struct fixture f;
bool stop;
uint8_t tokens[WORKERS * TOKENS];
int64_t balance[PAGES];	       /* maps less unmaps; SAME */
int64_t region_leaves;	       /* of map_region, less those unmapped; ONCE */
int64_t bit_balance[2][PAGES]; /* A, D: set less reported; SAME, ONCE */
bool wrote[PAGES];	       /* hardware did; KEPT */
uint64_t op_counts[WORKERS + 2], table_cycles;

static struct thread threads[WORKERS + 2];

/* ---- Hardware ---- */

/* One walk; false: an entry changed under it, and it has to begin again. */
static bool hardware_walk(unsigned page, bool writes)
{
	const struct vmm_gpt_format *format = f.gpt.format;
	uint64_t pfn = f.gpt.root->pfn;

	for (unsigned level = VMM_GPT_LEVELS;; level--) {
		unsigned index = page >> (level - 1) * VMM_GPT_INDEX_BITS & (VMM_GPT_ENTRIES - 1);
		uint64_t *ptep = (uint64_t *)(void *)(f.fake.base + pfn * PAGE) + index;
		uint64_t pte = __atomic_load_n(ptep, __ATOMIC_ACQUIRE), old = pte;
		bool leaf = gpt_pte_is_leaf(format, pte, level);

		EXPECT(pte != POISON);
		if (!vpeo_pte_is_present(format, pte))
			return true;
		pte |= format->accessed | (leaf && writes ? format->dirty : 0);
		if (pte != old && !__atomic_compare_exchange_n(ptep, &old, pte, false,
							       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return false;
		if (leaf && page < KEPT) {
			ADD(bit_balance[0][page], (pte & ~old & format->accessed) != 0);
			ADD(bit_balance[1][page], (pte & ~old & format->dirty) != 0);
		} else if (leaf && page < LARGE) {
			wrote[page] |= writes;
		}
		if (leaf)
			return true;
		pfn = vpeo_pte_pfn(format, pte, 1);
	}
}

static void *be_hardware(void *arg)
{
	struct thread *t = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		unsigned page = roll(t, PAGES);
		bool writes = roll(t, 2);

		vmm_gpt_read_lock(&f.gpt, &t->section);
		while (!hardware_walk(page, writes))
			;
		vmm_gpt_read_unlock(&t->section);
		if (++op_counts[t->number] % 64 == 0)
			sched_yield(); /* the others are more than CPUs */
	}
	return NULL;
}

/* ---- The owner ---- */

static void recycle(void)
{
	uint64_t stamp;

	if (!f.taken.count)
		return;
	stamp = vmm_gpt_grace_start(&f.gpt);
	while (!vmm_gpt_grace_elapsed(&f.gpt, stamp))
		sched_yield();
	ADD(table_cycles, f.taken.count);
	vmm_gpt_free_retired(&f.gpt, &f.taken);
}

static void *own(void *arg)
{
	struct thread *t = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		unsigned from = roll(t, KEPT), to = from + 1 + roll(t, 20), max = 1;
		struct vmm_gpt_result r;

		if (roll(t, 3) == 0) {
			from = LARGE + roll(t, 64);
			to = from + 1 + roll(t, PAGES - from);
			max = 2;
		} else if (to > KEPT) {
			to = KEPT;
		}
		switch (roll(t, 6)) {
		case 0:
		case 1:
			r = vmm_gpt_populate_region(&f.gpt, from * PAGE, to * PAGE, max);
			EXPECT(r.error == VMM_GPT_OK);
			break;
		case 2:
			r = vmm_gpt_vacate_region(&f.gpt, from * PAGE, to * PAGE, &f.taken);
			EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_STILL_MAPPED);
			break;
		case 3:
			r = vmm_gpt_split(&f.gpt, (KEPT + roll(t, 128)) * PAGE, 1 + roll(t, 2));
			EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_NOT_POPULATED);
			break;
		case 4:
			r = vmm_gpt_merge(&f.gpt, (KEPT + roll(t, 128)) * PAGE, 2, &f.taken);
			if (r.changed)
				r = vmm_gpt_merge(&f.gpt, KEPT * PAGE, 3, &f.taken);
			EXPECT(r.error != VMM_GPT_NO_MEMORY && r.error != VMM_GPT_RETRY);
			break;
		default:
			from = REGION + roll(t, 12);
			to = from + 1 + roll(t, 4);
			r = vmm_gpt_map_region(&f.gpt, from * PAGE, to * PAGE, REGION_PFN + from,
					       RWX, WB, 1, NULL);
			EXPECT(r.error == VMM_GPT_OK || r.error == VMM_GPT_NOT_POPULATED);
			ADD(region_leaves, r.error ? 0 : (int64_t)r.entry);
		}
		recycle();
		op_counts[t->number]++;
	}
	return NULL;
}

/* ---- Between the rounds ---- */

static bool leaf_at(unsigned page, struct vmm_gpt_leaf *leaf)
{
	unsigned level = 0;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&f.gpt, page * PAGE, &level);

	return vmm_gpt_is_mapped(&f.gpt, ptep, level, leaf);
}

static void check_page(unsigned page, int64_t *region)
{
	struct vmm_gpt_leaf leaf = { 0 };
	bool mapped = leaf_at(page, &leaf);

	*region += mapped && page >= REGION && page < KEPT;
	if (page < ONCE)
		assert_int_equal(balance[page], mapped);
	if (page < KEPT) {
		assert_int_equal(bit_balance[0][page], leaf.accessed);
		assert_int_equal(bit_balance[1][page], leaf.dirty);
	} else if (page < LARGE) {
		uint64_t span = UINT64_C(1) << (leaf.level - 1) * VMM_GPT_INDEX_BITS;

		assert_true(mapped);
		assert_int_equal(leaf.pfn, KEPT_PFN + (page - KEPT) / span * span);
		assert_true(leaf.dirty || !wrote[page]);
	}
	if (mapped && leaf.pfn < sizeof(tokens)) {
		uint64_t pfn = leaf.pfn + (leaf.level > 1 ? page % VMM_GPT_ENTRIES : 0);

		assert_int_equal(tokens[pfn], MAPPED);
		tokens[pfn] = MAPPED | UNMAPPED; /* until all have been looked at */
	}
}

static void check_all(void)
{
	struct vmm_gpt_leaf leaf;
	int64_t region = 0;

	fixture_check(&f);
	for (unsigned page = 0; page < PAGES; page++)
		check_page(page, &region);
	assert_int_equal(region, region_leaves);
	/* Every token was mapped once, and is either here or unmapped once. */
	for (size_t i = 0; i < sizeof(tokens); i++)
		assert_true(!tokens[i] || tokens[i] == (MAPPED | UNMAPPED));
	for (unsigned page = 0; page < PAGES; page++)
		if (leaf_at(page, &leaf) && leaf.pfn < sizeof(tokens))
			tokens[leaf.pfn + (leaf.level > 1 ? page % VMM_GPT_ENTRIES : 0)] = MAPPED;
	/* Hardware's bits begin anew where nobody clears them. */
	vmm_gpt_collect(&f.gpt, KEPT * PAGE, LARGE * PAGE, VMM_GPT_DIRTY, true, NULL, NULL);
	memset(wrote, 0, sizeof(wrote));
}

static void run_round(void)
{
	struct timespec ms = { 0, ROUND_MS * 1000000L };

	stop = false;
	for (unsigned i = 0; i < WORKERS + 2; i++)
		assert_int_equal(pthread_create(&threads[i].id, NULL,
						i < WORKERS  ? work :
						i == WORKERS ? be_hardware :
							       own,
						&threads[i]),
				 0);
	nanosleep(&ms, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < WORKERS + 2; i++)
		pthread_join(threads[i].id, NULL);
}

static void forget(void)
{
	memset(tokens, 0, sizeof(tokens));
	memset(balance, 0, sizeof(balance));
	memset(bit_balance, 0, sizeof(bit_balance));
	memset(wrote, 0, sizeof(wrote));
	memset(threads, 0, sizeof(threads));
	memset(op_counts, 0, sizeof(op_counts));
	region_leaves = 0;
	table_cycles = 0;
}

static void threads_race(void **state)
{
	const char *n = getenv("GPT_N");
	unsigned rounds = ROUNDS * (n && atoi(n) > 0 ? (unsigned)atoi(n) : 1);

	forget();
	fixture_init(&f, *state);
	f.fake.live_root = 0; /* its looking would race with hardware */
	vmm_gpt_populate_region(&f.gpt, KEPT * PAGE, LARGE * PAGE, 3);
	vmm_gpt_map_region(&f.gpt, KEPT * PAGE, LARGE * PAGE, KEPT_PFN, RWX, WB, 3, NULL);
	for (unsigned i = 0; i < WORKERS + 2; i++) {
		threads[i].number = i;
		threads[i].seed = 0x9e3779b97f4a7c15u * (i + 1);
		if (i <= WORKERS)
			vmm_gpt_register_reader(&f.gpt, &threads[i].section);
	}
	for (unsigned i = 0; i < rounds; i++) {
		run_round();
		check_all();
	}
	printf("# %s: %u rounds; operations %llu %llu %llu, hardware's walks %llu, "
	       "the owner's operations %llu, %llu tables used again\n",
	       f.gpt.format->name, rounds, (unsigned long long)op_counts[0],
	       (unsigned long long)op_counts[1], (unsigned long long)op_counts[2],
	       (unsigned long long)op_counts[WORKERS], (unsigned long long)op_counts[WORKERS + 1],
	       (unsigned long long)table_cycles);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "threads race, EPT", threads_race, NULL, NULL, (void *)(uintptr_t)&vmm_gpt_ept },
		{ "threads race, nPT", threads_race, NULL, NULL, (void *)(uintptr_t)&vmm_gpt_npt },
	};

	return cmocka_run_group_tests_name("gpt threads", tests, NULL, NULL);
}
