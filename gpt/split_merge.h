/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing the structure of the tree. Serialized by the caller's lock; private to gpt/. */
#ifndef GPT_SPLIT_MERGE_H
#define GPT_SPLIT_MERGE_H

#include "tree.h"

/* Table pages allocated in advance, so that an operation cannot fail half-way. */
struct gpt_reserve {
	struct vmm_gpt_node *first;
	uint64_t count;
};

/* Fills the reserve up to count pages. False if they are not available: it is empty then. */
bool gpt_reserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve, uint64_t count);

/* Frees the unused pages. */
void gpt_unreserve(struct vmm_gpt *gpt, struct gpt_reserve *reserve);

/* Takes a page for entry index of parent. The caller fills it and links it. */
struct vmm_gpt_node *gpt_link_new(struct gpt_reserve *reserve, struct vmm_gpt_node *parent,
				  unsigned index);

/* Kinds of entries to split. */
enum {
	GPT_SPLIT_LEAF = 1,
	GPT_SPLIT_EMPTY = 2,
};

/*
 * Replaces a populated entry of this level (above 1) by a table, if it still is of
 * the kinds in which (GPT_SPLIT_*). The reserve must not be empty. Adds to *result:
 * the table to .entry, a flush if a leaf was split.
 */
void gpt_split_entry(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level, unsigned which,
		     struct gpt_reserve *reserve, struct vmm_gpt_result *result);

/* Merges the table below this entry of node; see vmm_gpt_merge. */
struct vmm_gpt_result gpt_merge_entry(struct vmm_gpt *gpt, struct vmm_gpt_node *node,
				      unsigned index, struct vmm_gpt_retired *retired);

/*
 * Splits entries that extend beyond [start, end) and are of the kinds in which
 * (GPT_SPLIT_*). .entry: tables added. NO_MEMORY: no translation has changed; without
 * .changed nothing has.
 */
struct vmm_gpt_result gpt_split_edges(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				      unsigned which);

/* Takes out an unused table, and each table above that becomes unused by it. */
void gpt_unlink(struct vmm_gpt *gpt, struct vmm_gpt_node *node, struct vmm_gpt_retired *retired);

#endif
