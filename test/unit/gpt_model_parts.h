/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the specification share: gpt_model*.c. */
#ifndef TEST_UNIT_GPT_MODEL_PARTS_H
#define TEST_UNIT_GPT_MODEL_PARTS_H

#include "test/unit/gpt_model.h"

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

/* An operation that is being specified: what is expected of it comes together in *e. */
struct call {
	struct model *model;
	const struct gpt_op *op;
	struct gpt_args args;
	uint64_t available;
	struct range range; /* of the operations on ranges */
	struct expected *e;
};

/* One more error that is right; the second also for OK, with the entry of an atom. */
void refuse(struct call *c, enum vmm_gpt_error error);
void refuse_for(struct call *c, enum vmm_gpt_error error, unsigned atom);
void fine(struct call *c);
/* OK, with this .changed and .flush. */
void does(struct call *c, bool changed, unsigned flush);
/* .entry is a number. */
void counts(struct call *c, uint64_t number);
/* What is wrong with the arguments of an operation on a range, or on an address. */
bool bad_range(struct call *c);
bool bad_gpa(struct call *c);

typedef void spec_fn(struct call *c);
spec_fn spec_populate, spec_vacate, spec_split, spec_merge, spec_map, spec_map_at, spec_map_region,
	spec_unmap, spec_unmap_region, spec_protect, spec_reset, spec_collect, spec_access,
	spec_put;

#endif
