/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic page table as a specification that runs: what gpt/vmm_gpt.h says,
 * in the most simple-minded way. There are no tables in it, only, for all pages
 * between two edges (gpt_script.h), what is said of each: a level, and a leaf.
 *
 * What the header leaves open is open here, too: of several arguments that are
 * wrong, any may be named (.errors); the level of a result is compared where there
 * is an entry that it could be of (.level is not ANY), its entry where the header
 * says what it is (.entry is not ANY).
 */
#ifndef TEST_UNIT_GPT_MODEL_H
#define TEST_UNIT_GPT_MODEL_H

#include "kernel/suite/gpt_script.h"

/* What is so of each page between two edges. */
struct atom {
	uint8_t level; /* of the entry that populates it; 0: none does */
	bool mapped, accessed, dirty;
	uint8_t prot, type;
	uint64_t pfn; /* of the first of them */
};

struct model {
	const struct gpt_script *script;
	struct atom atoms[GPT_ATOMS];
	uint64_t taken; /* tables taken out, and not given back */
};

enum { GPT_ANY = 0xff };

struct expected {
	unsigned errors; /* 1 << error, of each that is right */
	uint8_t flush, level;
	bool changed;
	uint8_t entry; /* enum gpt_entry_kind, or GPT_ANY */
	uint64_t number;
	struct vmm_gpt_leaf leaf;
	uint64_t told, told_hash, taken;
};

void model_init(struct model *model, const struct gpt_script *script);

/* Does an operation, when so many pages for tables can be had. */
void model_do(struct model *model, const struct gpt_op *op, uint64_t available,
	      struct expected *expected);

/* How many tables there are. */
uint64_t model_tables(const struct model *model);

/* The level at which the way to an atom ends: of its entry, or of the hole. */
unsigned model_way(const struct model *model, unsigned atom);

/* The leaf that maps an atom. *gpa: where it begins; of several equal ones the first. */
struct vmm_gpt_leaf model_leaf(const struct model *model, unsigned atom, uint64_t *gpa);

static inline uint64_t level_size(unsigned level)
{
	return VMM_GPT_PAGE_SIZE << (level - 1) * VMM_GPT_INDEX_BITS;
}

static inline uint64_t atom_size(unsigned atom)
{
	return gpt_edges[atom + 1] - gpt_edges[atom];
}

/* NULL, or how an outcome is not what was expected. */
const char *expected_differs(const struct expected *expected, const struct gpt_outcome *outcome);

#endif
