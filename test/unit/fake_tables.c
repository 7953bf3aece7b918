/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment for gpt/ on the build machine; see fake_tables.h. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

#define FIXTURE_PAGES 6000u

const struct vmm_gpt_caps fake_caps = {
	.maxphyaddr = 46,
	.leaf_2m = true,
	.leaf_1g = true,
	.exec_only = true,
	.track_ad = true,
};

static uint64_t *fake_page(const struct fake_tables *fake, uint64_t pfn)
{
	return (uint64_t *)(void *)(fake->base + pfn * PAGE);
}

static struct vmm_gpt_node *fake_get(void *ctx)
{
	struct fake_tables *fake = ctx;
	uint64_t pfn;

	fake->gets++;
	if (fake->fail_at && fake->gets >= fake->fail_at)
		return NULL;
	if (fake->out == fake->pages - 1)
		return NULL;
	pfn = fake->free[fake->pages - 2 - fake->out++];
	fake->is_out[pfn] = true;
	memset(fake_page(fake, pfn), 0, PAGE);
	/* What a node says of its last life must not matter. */
	memset(&fake->nodes[pfn], 0xdb, sizeof(fake->nodes[pfn]));
	fake->nodes[pfn].pfn = pfn;
	return &fake->nodes[pfn];
}

/* Both formats have the address in bits 51:12, bit 7 in large leaves, bit 0 in tables. */
static bool reaches(const struct fake_tables *fake, uint64_t table, unsigned level, uint64_t pfn)
{
	if (table == pfn)
		return true;
	for (unsigned i = 0; level > 1 && i < VMM_GPT_ENTRIES; i++) {
		uint64_t pte = fake_page(fake, table)[i];

		if ((pte & 1) && !(pte & 0x80) &&
		    reaches(fake, (pte & 0x000ffffffffff000) / PAGE, level - 1, pfn))
			return true;
	}
	return false;
}

static void fake_put(void *ctx, struct vmm_gpt_node *node)
{
	struct fake_tables *fake = ctx;
	uint64_t pfn = node->pfn;

	if (node != &fake->nodes[pfn] || !pfn || pfn >= fake->pages)
		fail_msg("put: no node of ours");
	if (!fake->is_out[pfn])
		fail_msg("put: page 0x%lx twice", (unsigned long)pfn);
	if (fake->live_root && reaches(fake, fake->live_root, VMM_GPT_LEVELS, pfn))
		fail_msg("put: page 0x%lx is in the tree", (unsigned long)pfn);
	fake->is_out[pfn] = false;
	fake->free[fake->pages - 1 - fake->out--] = pfn;
	memset(fake_page(fake, pfn), 0xdb, PAGE);
}

static struct vmm_gpt_node *fake_node_of(void *ctx, uint64_t pfn)
{
	struct fake_tables *fake = ctx;

	if (!pfn || pfn >= fake->pages || !fake->is_out[pfn])
		fail_msg("node_of: page 0x%lx is no table", (unsigned long)pfn);
	return &fake->nodes[pfn];
}

void fake_init(struct fake_tables *fake, uint64_t pages)
{
	void *base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	assert_ptr_not_equal(base, MAP_FAILED);
	*fake = (struct fake_tables){ .base = base, .pages = pages };
	fake->nodes = calloc(pages, sizeof(*fake->nodes));
	fake->free = calloc(pages, sizeof(*fake->free));
	fake->is_out = calloc(pages, sizeof(*fake->is_out));
	assert_true(fake->nodes && fake->free && fake->is_out);
	/* Not in order: steps of a prime that does not divide the count reach all. */
	for (uint64_t i = 0; i < pages - 1; i++)
		fake->free[i] = 1 + i * 7919 % (pages - 1);
	assert_true((pages - 1) % 7919);
}

void fake_fini(struct fake_tables *fake)
{
	munmap(fake->base, fake->pages * PAGE);
	free(fake->nodes);
	free(fake->free);
	free(fake->is_out);
}

struct vmm_gpt_hooks fake_hooks(struct fake_tables *fake)
{
	return (struct vmm_gpt_hooks){
		.ctx = fake,
		.page_base = (uintptr_t)fake->base,
		.get_table = fake_get,
		.put_table = fake_put,
		.node_of = fake_node_of,
	};
}

void fake_fail_at(struct fake_tables *fake, uint64_t k)
{
	fake->gets = 0;
	fake->fail_at = k;
}

uint64_t fake_hash(const struct fake_tables *fake)
{
	uint64_t hash = 14695981039346656037u;

	for (uint64_t pfn = 1; pfn < fake->pages; pfn++) {
		const struct vmm_gpt_node *node = &fake->nodes[pfn];

		if (!fake->is_out[pfn])
			continue;
		hash = (hash ^ pfn ^ node->gpa ^ node->in_use) * 1099511628211u;
		for (unsigned i = 0; i < PAGE / 8; i++)
			hash = (hash ^ fake_page(fake, pfn)[i]) * 1099511628211u;
	}
	return hash;
}

void fixture_init(struct fixture *fixture, const struct vmm_gpt_format *format)
{
	struct vmm_gpt_hooks hooks;

	memset(fixture, 0, sizeof(*fixture));
	fake_init(&fixture->fake, FIXTURE_PAGES);
	hooks = fake_hooks(&fixture->fake);
	assert_result(vmm_gpt_alloc(&fixture->gpt, format, &fake_caps, &hooks), VMM_GPT_OK, true);
	fixture->fake.live_root = fixture->gpt.root->pfn;
}

void fixture_fini(struct fixture *fixture)
{
	vmm_gpt_free_retired(&fixture->gpt, &fixture->taken);
	fixture->fake.live_root = 0;
	vmm_gpt_free(&fixture->gpt);
	assert_int_equal(fixture->fake.out, 0);
	fake_fini(&fixture->fake);
}

int fixture_setup(void **state)
{
	const struct vmm_gpt_format *format = *state;
	struct fixture *fixture = malloc(sizeof(*fixture));

	assert_non_null(fixture);
	fixture_init(fixture, format);
	*state = fixture;
	return 0;
}

int fixture_teardown(void **state)
{
	fixture_fini(*state);
	free(*state);
	return 0;
}

struct tally {
	uint64_t tables;
	uint64_t populated;
};

static void check_table(const struct fixture *fixture, const struct vmm_gpt_node *node,
			struct tally *tally)
{
	const struct vmm_gpt_format *format = fixture->gpt.format;
	const uint64_t *table = fake_page(&fixture->fake, node->pfn);
	unsigned in_use = 0;

	tally->tables++;
	assert_true(fixture->fake.is_out[node->pfn]);
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++) {
		const struct vmm_gpt_node *child;

		in_use += table[i] != VMM_GPT_VACANT;
		assert_false(gpt_pte_is_frozen(table[i]));
		if (node->level == 1 || !gpt_pte_is_table(format, table[i])) {
			assert_true(table[i] == VMM_GPT_VACANT || !table[i] ||
				    gpt_pte_is_leaf(format, table[i], node->level));
			if (table[i] != VMM_GPT_VACANT)
				tally->populated += UINT64_C(1)
						    << (node->level - 1) * VMM_GPT_INDEX_BITS;
			continue;
		}
		child = &fixture->fake.nodes[vpeo_pte_pfn(format, table[i], 1)];
		assert_ptr_equal(child->parent, node);
		assert_int_equal(child->index, i);
		assert_int_equal(child->level, node->level - 1);
		assert_int_equal(child->gpa,
				 node->gpa + ((uint64_t)i << vmm_gpt_level_shift(node->level)));
		check_table(fixture, child, tally);
	}
	assert_int_equal(node->in_use, in_use);
	assert_true(in_use || !node->parent);
}

uint64_t fixture_check(const struct fixture *fixture)
{
	struct tally tally = { 0, 0 };

	check_table(fixture, fixture->gpt.root, &tally);
	assert_int_equal(vmm_gpt_check(&fixture->gpt, NULL, NULL), 0);
	assert_int_equal(tally.tables, fixture->gpt.tables);
	assert_int_equal(tally.tables + fixture->taken.count, fixture->fake.out);
	return tally.populated;
}
