/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing which tables there are, one at a time per table; private to gpt/. */
#ifndef GPT_SPLIT_MERGE_H
#define GPT_SPLIT_MERGE_H

#include "tree.h"

/* Table pages that an operation got beforehand, so that nothing can fail half-way. */
struct gpt_reserve {
	struct vmm_gpt_node *first;
	uint64_t count;
};

/* Fills it up to count pages; false: they are not to be had, and it is empty. */
bool gpt_reserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve, uint64_t count);

/* Gives back what was not used. */
void gpt_unreserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve);

/* The next one, for entry index of parent: it is still to be filled and linked. */
struct vmm_gpt_node *gpt_link_new(struct gpt_reserve *reserve, struct vmm_gpt_node *parent,
			      unsigned index);

/* Which entries are split. */
enum {
	GPT_SPLIT_LEAF = 1,
	GPT_SPLIT_EMPTY = 2,
};

/*
 * Makes a table of a populated entry of this level, above 1, if it is one of
 * these (GPT_SPLIT_*) still. The reserve is not empty. Adds what it did to
 * *result: a table to .entry, a flush if a leaf was split.
 */
void gpt_split_entry(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level, unsigned which,
		     struct gpt_reserve *reserve, struct vmm_gpt_result *result);

/* The reverse, for the table below node's entry. As vmm_gpt_merge says. */
struct vmm_gpt_result gpt_merge_entry(struct vmm_gpt *gpt, struct vmm_gpt_node *node,
				      unsigned index, struct vmm_gpt_retired *retired);

/*
 * Splits what sticks out of [start, end) and is one of these (GPT_SPLIT_*).
 * .entry: tables added. NO_MEMORY: nothing has changed.
 */
struct vmm_gpt_result gpt_split_edges(struct vmm_gpt *gpt, uint64_t start, uint64_t end, unsigned which);

/* Takes out a table that nobody needs, and those above that this leaves so. */
void gpt_unlink(struct vmm_gpt *gpt, struct vmm_gpt_node *node, struct vmm_gpt_retired *retired);

#endif
