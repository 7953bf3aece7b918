/* SPDX-License-Identifier: BSD-2-Clause */
/* What gpt_model.c says of addresses, for the operations in gpt_model_ops.c. */
#ifndef TEST_HOST_GPT_MODEL_PARTS_H
#define TEST_HOST_GPT_MODEL_PARTS_H

#include "test/host/gpt_model.h"

/* Atoms, [first, behind). */
struct range {
	unsigned first, behind;
};

/* The atoms that share an entry of this level with one, were there such an entry. */
struct range model_block(unsigned atom, unsigned level);

/* Replaces the entry, or entries, of an atom by those one level down. The tables that takes. */
uint64_t model_split(struct model *model, unsigned atom);

/* Splits leaves, and empty entries if empty is set, that stick out of a range. Likewise. */
uint64_t model_cut(struct model *model, struct range range, bool empty);

/* What this CPU, and both formats, have. */
bool model_has_size(const struct model *model, unsigned level, unsigned prot);
bool model_has_prot(const struct model *model, unsigned prot);
bool model_has_type(unsigned type);
bool model_has_pfns(const struct model *model, uint64_t pfn, uint64_t pages);

/*
 * Expects to be told of the leaves with a page in the range that have any of these
 * bits; MODEL_ALL: of all. Returns how many of their pages are in the range.
 */
enum { MODEL_ALL = 4 };
uint64_t model_tell(const struct model *model, struct range range, unsigned bits,
		    struct expected *expected);

#endif
