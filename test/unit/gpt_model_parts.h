/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parts of the specification, gpt_model*.c. */
#ifndef TEST_UNIT_GPT_MODEL_PARTS_H
#define TEST_UNIT_GPT_MODEL_PARTS_H

#include "test/unit/gpt_model.h"

/* A range of atoms, [first, behind). */
struct range {
	unsigned first, behind;
};

/* The atoms that an entry of this level for atom would cover. */
struct range model_block(unsigned atom, unsigned level);

/* Replaces the entries of an atom by entries one level down. Returns the number of new tables. */
uint64_t model_split(struct model *model, unsigned atom);

/* Splits leaves that are only partly in the range; with empty, also empty entries. Returns the
 * number of new tables. */
uint64_t model_cut(struct model *model, struct range range, bool empty);

/* Whether this CPU and both formats support it. */
bool model_has_size(const struct model *model, unsigned level, unsigned prot);
bool model_has_prot(const struct model *model, unsigned prot);
bool model_has_type(unsigned type);
bool model_has_pfns(const struct model *model, uint64_t pfn, uint64_t pages);

/*
 * Expects a report of each leaf with a page in the range that has any of these bits, or of
 * all (MODEL_ALL). Returns how many of their pages are in the range.
 */
enum { MODEL_ALL = 4 };
uint64_t model_tell(const struct model *model, struct range range, unsigned bits,
		    struct expected *expected);

/* The operation being specified; *e collects the expected result. */
struct call {
	struct model *model;
	const struct gpt_op *op;
	struct gpt_args args;
	uint64_t available;
	struct range range; /* for operations on ranges */
	struct expected *e;
};

/* Allows one more error; refuse_for: or VMM_GPT_OK, with the entry of an atom. */
void refuse(struct call *c, enum vmm_gpt_error error);
void refuse_for(struct call *c, enum vmm_gpt_error error, unsigned atom);
void fine(struct call *c);
/* Expects OK, with this .changed and .flush. */
void does(struct call *c, bool changed, unsigned flush);
/* Expects this number in .entry. */
void counts(struct call *c, uint64_t number);
/* Checks the arguments of an operation on a range, on an address. */
bool bad_range(struct call *c);
bool bad_gpa(struct call *c);

typedef void spec_fn(struct call *c);
spec_fn spec_populate, spec_vacate, spec_split, spec_merge, spec_map, spec_map_at, spec_map_region,
	spec_unmap, spec_unmap_region, spec_protect, spec_reset, spec_collect, spec_access,
	spec_put;

#endif
