/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An executable specification of the generic page table: what gpt/vmm_gpt.h says, in the
 * simplest way. It has no tables; for each atom (gpt_script.h) it stores the level and the
 * leaf that all its pages share.
 *
 * What the header leaves open is open here, too. If several arguments are wrong, any error
 * is allowed (.errors). The level of a result is compared only if there is an entry
 * (.level is not GPT_ANY), and its entry only if the header defines it (.entry is not
 * GPT_ANY).
 */
#ifndef TEST_UNIT_GPT_MODEL_H
#define TEST_UNIT_GPT_MODEL_H

#include "kernel/suite/gpt_script.h"

/* The state of all pages between two edges. */
struct atom {
	uint8_t level; /* of the entry that populates it; 0: none */
	bool mapped, accessed, dirty;
	uint8_t prot, type;
	uint64_t pfn; /* of its first page */
};

struct model {
	const struct gpt_script *script;
	struct atom atoms[GPT_ATOMS];
	uint64_t taken; /* tables retired, and not yet freed */
};

enum { GPT_ANY = 0xff };

struct expected {
	unsigned errors; /* 1 << error for each allowed error */
	uint8_t flush, level;
	bool changed;
	uint8_t entry; /* enum gpt_entry_kind, or GPT_ANY */
	uint64_t number;
	struct vmm_gpt_leaf leaf;
	uint64_t told, told_hash, taken;
};

void model_init(struct model *model, const struct gpt_script *script);

/* Does an operation. available: the number of table pages that it can get. */
void model_do(struct model *model, const struct gpt_op *op, uint64_t available,
	      struct expected *expected);

/* The number of tables. */
uint64_t model_tables(const struct model *model);

/* The level at which a walk to an atom ends: of its entry, or of the hole. */
unsigned model_way(const struct model *model, unsigned atom);

/* The leaf that maps an atom; if several equal ones do, the first. *gpa: its start. */
struct vmm_gpt_leaf model_leaf(const struct model *model, unsigned atom, uint64_t *gpa);

static inline uint64_t level_size(unsigned level)
{
	return VMM_GPT_PAGE_SIZE << (level - 1) * VMM_GPT_INDEX_BITS;
}

static inline uint64_t atom_size(unsigned atom)
{
	return gpt_edges[atom + 1] - gpt_edges[atom];
}

/* NULL, or how the outcome differs from the expected one, in words. */
const char *expected_differs(const struct expected *expected, const struct gpt_outcome *outcome);

#endif
