/* SPDX-License-Identifier: BSD-2-Clause */
/* Walking a tree; private to gpt/. */
#ifndef GPT_TREE_H
#define GPT_TREE_H

#include "format.h"

/* Deliberate bugs, to prove that tests catch them; none in this folder. */
#ifdef VMM_GPT_FAULT_H
#include VMM_GPT_FAULT_H
#else
#define FAULT(name) 0
#endif

static inline struct vmm_gpt_result gpt_error(enum vmm_gpt_error error)
{
	return (struct vmm_gpt_result){ .error = (uint8_t)error };
}

static inline unsigned gpt_index(uint64_t gpa, unsigned level)
{
	return (unsigned)(gpa >> vmm_gpt_level_shift(level)) & (VMM_GPT_ENTRIES - 1);
}

/* Virtual address of a table page. */
static inline vmm_gpt_pte_t *gpt_table(const struct vmm_gpt *gpt, uint64_t pfn)
{
	return (vmm_gpt_pte_t *)(gpt->hooks.page_base + (uintptr_t)(pfn << VMM_GPT_PAGE_SHIFT));
}

static inline struct vmm_gpt_node *gpt_node_of(const struct vmm_gpt *gpt, uint64_t pfn)
{
	return gpt->hooks.node_of(gpt->hooks.ctx, pfn);
}

/* The node of the table page that contains an entry. */
static inline struct vmm_gpt_node *gpt_node_around(const struct vmm_gpt *gpt,
						   const vmm_gpt_pte_t *ptep)
{
	return gpt_node_of(gpt, ((uintptr_t)ptep - gpt->hooks.page_base) >> VMM_GPT_PAGE_SHIFT);
}

/* Unrolling makes the shifts of a walk constants; a walk takes a third less time. */
#ifdef __clang__
#define GPT_UNROLL _Pragma("unroll")
#else
#define GPT_UNROLL _Pragma("GCC unroll 8")
#endif

static inline uint64_t gpt_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t gpt_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Bytes that an entry of this level covers. */
static inline uint64_t gpt_size(unsigned level)
{
	return UINT64_C(1) << vmm_gpt_level_shift(level);
}

/* Whether caps allow leaves of this level with these rights. */
static inline bool gpt_has_leaf(const struct vmm_gpt *gpt, unsigned level, unsigned prot)
{
	if (level == 1)
		return true;
	if (gpt->caps.small_exec && (prot & VMM_GPT_EXEC))
		return false;
	return level == 2 ? gpt->caps.leaf_2m : level == 3 && gpt->caps.leaf_1g;
}

/*
 * Walks down until there is no table below; returns the entry where the walk ends,
 * and its level: a slot (level 1), a hole, an empty entry or a large leaf. gpa must
 * be in range.
 */
static inline vmm_gpt_pte_t *gpt_find(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level)
{
	/* Local copies: after an atomic load the compiler would reload the fields. */
	const uint64_t is_table = gpt->format->table;
	const uint64_t care = is_table | gpt->format->large;
	const uint64_t mask = gpt->format->pfn_mask;
	const uintptr_t base = gpt->hooks.page_base;
	uintptr_t table = (uintptr_t)gpt_table(gpt, gpt->root->pfn);

	GPT_UNROLL
	for (unsigned l = VMM_GPT_LEVELS; l > 1; l--) {
		vmm_gpt_pte_t *ptep = (vmm_gpt_pte_t *)table + gpt_index(gpa, l);
		uint64_t pte = vmm_gpt_pte_load(ptep);

		if ((pte & care) != is_table) { /* gpt_pte_is_table */
			*level = l;
			return ptep;
		}
		table = base + (uintptr_t)(pte & mask);
	}
	*level = 1;
	return (vmm_gpt_pte_t *)table + gpt_index(gpa, 1);
}

/* The part of a range in one table: slots of level 1, or one larger populated entry. */
struct gpt_span {
	vmm_gpt_pte_t *slots;
	uint64_t gpa; /* of slots[0] */
	unsigned count;
	unsigned level;
};

/*
 * Finds the next span at or above *gpa and advances *gpa past it; false if there is
 * none below end. A larger entry is one span, even if it begins below *gpa or ends
 * above end. A missing subtree is skipped in one step.
 */
static inline bool gpt_next_span(const struct vmm_gpt *gpt, uint64_t *gpa, uint64_t end,
				 struct gpt_span *span)
{
	while (*gpa < end) {
		vmm_gpt_pte_t *ptep = gpt_find(gpt, *gpa, &span->level);
		/* Level 1: up to the end of the table; above: up to the end of the entry. */
		uint64_t size = gpt_size(span->level == 1 ? 2 : span->level);
		uint64_t from = *gpa;
		uint64_t next = (from & ~(size - 1)) + size;

		span->slots = ptep;
		if (span->level == 1) {
			*gpa = next < end ? next : end;
			span->gpa = from;
			span->count = (unsigned)((*gpa - from) >> VMM_GPT_PAGE_SHIFT);
			return true;
		}

		uint64_t pte = vmm_gpt_pte_load(ptep);

		if (gpt_pte_is_table(gpt->format, pte))
			continue; /* just split: descend */
		*gpa = next < end ? next : end;
		if (pte != VMM_GPT_VACANT) {
			span->gpa = next - size;
			span->count = 1;
			return true;
		}
	}
	return false;
}

/* Whether a span extends beyond [start, end). Only a larger entry can. */
static inline bool gpt_straddles(const struct gpt_span *span, uint64_t start, uint64_t end)
{
	return span->level > 1 && (span->gpa < start || span->gpa + gpt_size(span->level) > end);
}

static inline enum vmm_gpt_error gpt_check_range(uint64_t start, uint64_t end)
{
	if (start >= end || end > VMM_GPT_GPA_END)
		return VMM_GPT_OUT_OF_RANGE;
	if ((start | end) & (VMM_GPT_PAGE_SIZE - 1))
		return VMM_GPT_MISALIGNED;
	return VMM_GPT_OK;
}

/* The result of an operation that this entry stopped. */
static inline struct vmm_gpt_result gpt_fail_at(enum vmm_gpt_error error, unsigned level,
						uint64_t pte)
{
	return (struct vmm_gpt_result){ .error = (uint8_t)error,
					.level = (uint8_t)level,
					.entry = pte };
}

/*
 * Takes out the leaf at ptep, of this level, and returns its final value. If there is
 * no leaf, returns the entry and leaves it alone. A plain exchange could undo a
 * freeze.
 */
static inline uint64_t gpt_take_leaf(const struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level)
{
	uint64_t pte = vmm_gpt_pte_load(ptep);

	do {
		if (!gpt_pte_is_leaf(gpt->format, pte, level))
			break;
	} while (!vmm_gpt_pte_cas(ptep, &pte, 0));
	return pte;
}

/* Decodes a leaf of this level, which may be frozen. */
static inline void gpt_decode(const struct vmm_gpt *gpt, uint64_t pte, unsigned level,
			      struct vmm_gpt_leaf *leaf)
{
	const struct vmm_gpt_format *format = gpt->format;

	if (gpt_pte_is_frozen(pte))
		pte = gpt_pte_thaw(pte);
	*leaf = (struct vmm_gpt_leaf){
		.pfn = vpeo_pte_pfn(format, pte, level),
		.prot = (uint8_t)vpeo_pte_prot(format, pte),
		.type = (uint8_t)gpt_pte_type(format, pte, level),
		.level = (uint8_t)level,
		.accessed = pte & format->accessed,
		.dirty = pte & format->dirty,
	};
}

#endif
