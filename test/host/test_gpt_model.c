/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random scripts on both formats side by side, against a model that is an
 * array: one entry for each page of a few windows of the address space.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gpt/format.h"
#include "test/host/fake_tables.h"

#define WINDOW	1300 /* pages: parts of three or four lowest tables */
#define WINDOWS 4
#define PAGES	(WINDOW * WINDOWS)
#define OPS	20000

static const uint64_t window_at[WINDOWS] = {
	0,
	GIB - 700 * PAGE,
	512 * GIB - 650 * PAGE,
	TOP - WINDOW *PAGE,
};

struct slot {
	bool populated, mapped, accessed, dirty;
	uint8_t prot, type;
	uint64_t pfn;
};

struct world {
	struct fixture side[2]; /* EPT, nPT */
	struct slot model[PAGES];
	uint64_t seed;
};

/* xorshift64* */
static uint64_t roll(struct world *w, uint64_t n)
{
	w->seed ^= w->seed >> 12;
	w->seed ^= w->seed << 25;
	w->seed ^= w->seed >> 27;
	return (w->seed * 2685821657736338717u >> 32) % n;
}

static uint64_t gpa_of(unsigned page)
{
	return window_at[page / WINDOW] + page % WINDOW * PAGE;
}

/*
 * A range of pages of the model, [*from, *to), and its addresses: in one
 * window, so that populating it is not terabytes, or over several.
 */
static void roll_range(struct world *w, bool wide, unsigned *from, unsigned *to, uint64_t *start,
		       uint64_t *end)
{
	unsigned first = (unsigned)roll(w, PAGES);
	unsigned room = wide ? PAGES - first : WINDOW - first % WINDOW;
	unsigned n = 1 + (unsigned)roll(w, roll(w, 3) ? (room < 8 ? room : 8) : room);

	*from = first;
	*to = first + n;
	*start = gpa_of(first);
	*end = gpa_of(first + n - 1) + PAGE;
	/* What lies between and outside of the windows is never populated. */
	if (wide && first % WINDOW == 0 && first)
		*start -= PAGE * roll(w, 100000);
}

static void assert_same(struct vmm_gpt_result a, struct vmm_gpt_result b)
{
	assert_int_equal(a.error, b.error);
	assert_int_equal(a.did_it, b.did_it);
	assert_int_equal(a.flush, b.flush);
	assert_int_equal(a.level, b.level);
}

static void do_populate(struct world *w)
{
	unsigned from, to, changed = 0;
	uint64_t start, end, k = roll(w, 4) ? 0 : 1 + roll(w, 5);
	struct vmm_gpt_result r[2];

	roll_range(w, false, &from, &to, &start, &end);
	for (unsigned i = from; i < to; i++)
		changed += !w->model[i].populated;
	for (unsigned s = 0; s < 2; s++) {
		fake_fail_at(&w->side[s].fake, k);
		r[s] = vmm_gpt_populate_region(&w->side[s].gpt, start, end, 1);
		fake_fail_at(&w->side[s].fake, 0);
	}
	assert_same(r[0], r[1]);
	assert_int_equal(r[0].entry, r[1].entry);
	if (r[0].error == VMM_GPT_NO_MEMORY) {
		assert_true(k && changed);
		return;
	}
	assert_result(r[0], VMM_GPT_OK, changed > 0);
	for (unsigned i = from; i < to; i++)
		w->model[i].populated = true;
}

static void do_vacate(struct world *w)
{
	unsigned from, to, mapped = 0, populated = 0;
	uint64_t start, end;
	struct vmm_gpt_result r[2];
	bool put = roll(w, 2);

	roll_range(w, roll(w, 2), &from, &to, &start, &end);
	for (unsigned i = from; i < to; i++) {
		mapped += w->model[i].mapped;
		populated += w->model[i].populated;
	}
	for (unsigned s = 0; s < 2; s++) {
		struct fixture *f = &w->side[s];

		r[s] = vmm_gpt_vacate_region(&f->gpt, start, end, &f->taken);
		if (put)
			vmm_gpt_put_taken(&f->gpt, &f->taken);
	}
	assert_same(r[0], r[1]);
	assert_result(r[0], mapped ? VMM_GPT_STILL_MAPPED : VMM_GPT_OK, !mapped && populated);
	for (unsigned i = from; !mapped && i < to; i++)
		w->model[i].populated = false;
}

static void do_map(struct world *w)
{
	static const uint8_t prots[] = { 1, 3, 5, 7, 7, 7, 2, 0, 6 };
	static const uint8_t types[] = { 0, 1, 4, 5, 6, 6, 6, 6, 2 };
	unsigned page = (unsigned)roll(w, PAGES);
	struct slot *slot = &w->model[page];
	/* Few different mappings, so that equal ones meet. */
	struct slot want = { .pfn = roll(w, 3),
			     .prot = prots[roll(w, 9)],
			     .type = types[roll(w, 9)] };
	bool good = (want.prot & 1) && want.type != 2, same, by_slot = roll(w, 2);
	enum vmm_gpt_error error = VMM_GPT_OK;

	same = slot->pfn == want.pfn && slot->prot == want.prot && slot->type == want.type;
	if (!good)
		error = VMM_GPT_NOT_EXPRESSIBLE;
	else if (!slot->populated)
		error = VMM_GPT_NOT_POPULATED;
	else if (slot->mapped && !same)
		error = VMM_GPT_CONFLICT;
	for (unsigned s = 0; s < 2; s++) {
		struct vmm_gpt *gpt = &w->side[s].gpt;
		uint64_t gpa = gpa_of(page);
		struct vmm_gpt_result r;

		if (by_slot)
			r = vmm_gpt_map_at(gpt, vmm_gpt_lookup(gpt, gpa, NULL), want.pfn, 1,
					   want.prot, want.type);
		else
			r = vmm_gpt_map(gpt, gpa, want.pfn, 1, want.prot, want.type);
		assert_result(r, error, !error && !slot->mapped);
	}
	if (error || slot->mapped)
		return;
	want.populated = want.mapped = true;
	*slot = want;
}

static void do_unmap(struct world *w)
{
	unsigned page = (unsigned)roll(w, PAGES);
	struct slot *slot = &w->model[page];

	for (unsigned s = 0; s < 2; s++) {
		const struct vmm_gpt_format *format = w->side[s].gpt.format;
		struct vmm_gpt_result r = vmm_gpt_unmap(&w->side[s].gpt, gpa_of(page));

		assert_result(r, VMM_GPT_OK, slot->mapped);
		assert_int_equal(!!(r.entry & format->dirty), slot->mapped && slot->dirty);
	}
	*slot = (struct slot){ .populated = slot->populated };
}

static void assert_leaf(const struct slot *slot, const struct vmm_gpt_leaf *leaf)
{
	assert_true(slot->mapped);
	assert_int_equal(leaf->pfn, slot->pfn);
	assert_int_equal(leaf->prot, slot->prot);
	assert_int_equal(leaf->type, slot->type);
	assert_int_equal(leaf->level, 1);
	assert_int_equal(leaf->accessed, slot->accessed);
	assert_int_equal(leaf->dirty, slot->dirty);
}

static void gone(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	const struct world *w = arg;
	unsigned window = WINDOWS - 1;

	while (gpa < window_at[window])
		window--;
	assert_leaf(&w->model[window * WINDOW + (gpa - window_at[window]) / PAGE], leaf);
}

static void do_unmap_region(struct world *w)
{
	unsigned from, to, mapped = 0;
	uint64_t start, end;

	roll_range(w, roll(w, 2), &from, &to, &start, &end);
	for (unsigned i = from; i < to; i++)
		mapped += w->model[i].mapped;
	for (unsigned s = 0; s < 2; s++) {
		struct vmm_gpt_result r =
			vmm_gpt_unmap_region(&w->side[s].gpt, start, end, gone, w);

		assert_result(r, VMM_GPT_OK, mapped > 0);
		assert_int_equal(r.entry, mapped);
	}
	for (unsigned i = from; i < to; i++)
		w->model[i] = (struct slot){ .populated = w->model[i].populated };
}

static void do_reset(struct world *w)
{
	unsigned page = (unsigned)roll(w, PAGES);
	struct slot *slot = &w->model[page];
	bool dirty = roll(w, 2), on = roll(w, 2);
	bool *bit = dirty ? &slot->dirty : &slot->accessed;

	for (unsigned s = 0; s < 2; s++) {
		struct vmm_gpt *gpt = &w->side[s].gpt;
		vmm_gpt_pte_t *ptep = vmm_gpt_lookup(gpt, gpa_of(page), NULL);
		struct vmm_gpt_result r = dirty ? vmm_gpt_reset_dirty(gpt, ptep, on) :
						  vmm_gpt_reset_accessed(gpt, ptep, on);

		assert_result(r, slot->mapped ? VMM_GPT_OK : VMM_GPT_NOT_POPULATED,
			      slot->mapped && *bit != on);
	}
	if (slot->mapped)
		*bit = on;
}

static void compare(struct world *w)
{
	for (unsigned s = 0; s < 2; s++) {
		struct vmm_gpt *gpt = &w->side[s].gpt;
		uint64_t populated = 0;

		for (unsigned i = 0; i < PAGES; i++) {
			const struct slot *slot = &w->model[i];
			unsigned level = 0;
			vmm_gpt_pte_t *ptep = vmm_gpt_lookup(gpt, gpa_of(i), &level);
			struct vmm_gpt_leaf leaf;

			populated += slot->populated;
			assert_int_equal(!!ptep, slot->populated);
			if (vmm_gpt_is_mapped(gpt, ptep, level, &leaf))
				assert_leaf(slot, &leaf);
			else
				assert_false(slot->mapped);
		}
		assert_int_equal(fixture_check(&w->side[s]), populated);
	}
	assert_int_equal(w->side[0].gpt.tables, w->side[1].gpt.tables);
}

static void script(void **state)
{
	static void (*const ops[])(struct world *) = {
		do_populate, do_populate, do_populate, do_vacate, do_vacate,
		do_map,	     do_map,	  do_map,      do_map,	  do_map,
		do_map,	     do_unmap,	  do_reset,    do_reset,  do_reset,
	};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->seed = 0x9e3779b97f4a7c15 * (uint64_t)(uintptr_t)*state;
	fixture_init(&w->side[0], &vmm_gpt_ept);
	fixture_init(&w->side[1], &vmm_gpt_npt);
	for (unsigned n = 0; n < OPS; n++) {
		/* Now and then all is swept away: else little would ever be vacated. */
		if (roll(w, 40) == 0)
			do_unmap_region(w);
		else
			ops[roll(w, sizeof(ops) / sizeof(ops[0]))](w);
		if (n % 100 == 0)
			compare(w);
	}
	compare(w);
	fixture_fini(&w->side[0]);
	fixture_fini(&w->side[1]);
	free(w);
}

#define SEED(n)                                                                                    \
	{                                                                                          \
		"random script, seed " #n, script, NULL, NULL, (void *)(n)                         \
	}

int main(void)
{
	const struct CMUnitTest tests[] = { SEED(1), SEED(2), SEED(3), SEED(4) };

	return cmocka_run_group_tests_name("gpt against a model", tests, NULL, NULL);
}
