/* SPDX-License-Identifier: BSD-2-Clause */
/* vmm_gpt_check detects each invariant that is broken: each is broken once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

struct heard {
	unsigned count;
	uint64_t gpa, entry;
	unsigned level;
	const char *what;
};

static void hear(void *arg, uint64_t gpa, unsigned level, uint64_t entry, const char *what)
{
	struct heard *heard = arg;

	if (heard->count++)
		return;
	heard->gpa = gpa;
	heard->level = level;
	heard->entry = entry;
	heard->what = what;
}

/* The first complaint, which is of what is at gpa. */
static void assert_complains(struct fixture *f, uint64_t gpa, unsigned level, const char *what)
{
	struct heard heard = { 0 };
	unsigned n = vmm_gpt_check(&f->gpt, hear, &heard);

	assert_true(n > 0 && n == heard.count);
	assert_string_equal(heard.what, what);
	assert_int_equal(heard.gpa, gpa);
	assert_int_equal(heard.level, level);
	assert_int_equal(vmm_gpt_check(&f->gpt, NULL, NULL), n);
}

static struct vmm_gpt_node *node_at(struct fixture *f, uint64_t gpa, unsigned level)
{
	return (struct vmm_gpt_node *)(uintptr_t)vmm_gpt_node_at(&f->gpt, gpa, level);
}

static void entries_are_checked(void **state)
{
	struct fixture *f = *state;
	const struct vmm_gpt_format *format = f->gpt.format;
	uint64_t leaf = vpeo_map_page(format, &fake_caps, 1, 5, RWX, WB);
	uint64_t large = vpeo_map_page(format, &fake_caps, 2, 512, RWX, WB);
	const struct {
		unsigned level;
		uint64_t pte;
		const char *what;
	} bad[] = {
		{ 1, gpt_pte_freeze(0), "frozen" },
		{ 1, gpt_pte_freeze(leaf), "frozen" },
		{ 1, UINT64_C(1) << 53, "neither vacant, nor empty, nor present" },
		{ 1, leaf | VMM_GPT_VACANT, "a leaf with bits that mean nothing" },
		{ 1, leaf | UINT64_C(1) << 50, "a leaf that this format does not have" },
		{ 2, large | 0x10000, "a leaf with bits that mean nothing" },
		{ 4, 0, "empty, where no leaf can be" },
		{ 4, large, "a leaf of a size that this CPU does not have" },
	};
	vmm_gpt_pte_t *entries[4];

	populate(f, 0, PAGE);
	vmm_gpt_walk(&f->gpt, 0, entries, 4);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vmm_gpt_pte_t *ptep = entries[4 - bad[i].level] + (bad[i].level > 1);
		uint64_t was = *ptep;

		*ptep = bad[i].pte;
		assert_complains(f,
				 bad[i].level == 1 ? 0 :
				 bad[i].level == 2 ? 2 * MIB :
						     512 * GIB,
				 bad[i].level, bad[i].what);
		*ptep = was;
	}
	*entries[2] |= UINT64_C(1) << 52;
	assert_complains(f, 0, 2, "a table's entry with bits that mean nothing");
	*entries[2] &= ~(UINT64_C(1) << 52);
	fixture_check(f);
}

static void nodes_are_checked(void **state)
{
	struct fixture *f = *state;
	struct vmm_gpt_node *node, *root = f->gpt.root, was;

	populate(f, 2 * MIB, 2 * MIB + PAGE);
	node = node_at(f, 2 * MIB, 1);
	was = *node;
	node->pfn++;
	assert_complains(f, 2 * MIB, 2, "no node");
	*node = was;
	node->parent = root;
	assert_complains(f, 2 * MIB, 2, "a node that hangs elsewhere");
	*node = was;
	node->index++;
	assert_complains(f, 2 * MIB, 2, "a node that hangs elsewhere");
	*node = was;
	node->level++;
	assert_complains(f, 2 * MIB, 2, "a node of another level");
	*node = was;
	node->gpa += PAGE;
	assert_complains(f, 2 * MIB, 2, "a node of another gpa");
	*node = was;
	node->in_use = 0;
	assert_complains(f, 2 * MIB, 2, "a table without use");
	node->in_use = 2;
	assert_complains(f, 2 * MIB, 1, "a count that is not its table's");
	*node = was;
	root->gpa = PAGE;
	assert_complains(f, 0, 4, "a root that hangs elsewhere");
	root->gpa = 0;
	root->parent = node;
	assert_complains(f, 0, 4, "a root that hangs elsewhere");
	root->parent = NULL;
	root->level = 3;
	assert_complains(f, 0, 4, "a root that hangs elsewhere");
	root->level = 4;
	f->gpt.tables++;
	assert_complains(f, 0, 4, "tables that are not counted");
	f->gpt.tables--;
	fixture_check(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_FORMATS(entries_are_checked),
		BOTH_FORMATS(nodes_are_checked),
	};

	return cmocka_run_group_tests_name("gpt, its self-check", tests, NULL, NULL);
}
