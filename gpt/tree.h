/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding one's way in a tree; private to gpt/. */
#ifndef GPT_TREE_H
#define GPT_TREE_H

#include "format.h"

/* Deliberate bugs, for those who want to see their tests catch them; none here. */
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

/* The table page as the CPU sees it. */
static inline vmm_gpt_pte_t *gpt_table(const struct vmm_gpt *gpt, uint64_t pfn)
{
	return (vmm_gpt_pte_t *)(gpt->hooks.page_base + (uintptr_t)(pfn << VMM_GPT_PAGE_SHIFT));
}

static inline struct vmm_gpt_node *gpt_node_of(const struct vmm_gpt *gpt, uint64_t pfn)
{
	return gpt->hooks.node_of(gpt->hooks.ctx, pfn);
}

/* The node of the table page that an entry is in. */
static inline struct vmm_gpt_node *gpt_node_around(const struct vmm_gpt *gpt,
						   const vmm_gpt_pte_t *ptep)
{
	return gpt_node_of(gpt, ((uintptr_t)ptep - gpt->hooks.page_base) >> VMM_GPT_PAGE_SHIFT);
}

/* Unrolled, the shifts of a walk are constants: it takes a third less. */
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

/* What an entry of this level covers, in bytes. */
static inline uint64_t gpt_size(unsigned level)
{
	return UINT64_C(1) << vmm_gpt_level_shift(level);
}

/* Whether this CPU, and the caller, have leaves of this level with these rights. */
static inline bool gpt_has_leaf(const struct vmm_gpt *gpt, unsigned level, unsigned prot)
{
	if (level == 1)
		return true;
	if (gpt->caps.small_exec && (prot & VMM_GPT_EXEC))
		return false;
	return level == 2 ? gpt->caps.leaf_2m : level == 3 && gpt->caps.leaf_1g;
}

/*
 * Down the tree until there is no table below: the entry in which the way ends
 * and its level. That is a slot (level 1), a hole, an empty entry or a large
 * leaf. gpa is in range.
 */
static inline vmm_gpt_pte_t *gpt_find(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level)
{
	/* Copies, since behind an atomic load the compiler would read them again. */
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

/* A part of a range in one table: slots of level 1, or one larger entry that is populated. */
struct gpt_span {
	vmm_gpt_pte_t *slots;
	uint64_t gpa; /* of slots[0] */
	unsigned count;
	unsigned level;
};

/*
 * The next span at or above *gpa, which moves behind it; false if there is
 * none below end. A larger entry is one span, also where it begins below *gpa or
 * ends above end. A missing subtree is one step, whatever its size.
 */
static inline bool gpt_next_span(const struct vmm_gpt *gpt, uint64_t *gpa, uint64_t end,
				 struct gpt_span *span)
{
	while (*gpa < end) {
		vmm_gpt_pte_t *ptep = gpt_find(gpt, *gpa, &span->level);
		/* Level 1: to the end of the table; above: of the entry. */
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
			continue; /* only just: look below */
		*gpa = next < end ? next : end;
		if (pte != VMM_GPT_VACANT) {
			span->gpa = next - size;
			span->count = 1;
			return true;
		}
	}
	return false;
}

/* Whether a span sticks out of [start, end): a larger entry does, slots never. */
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

/* The result of an operation that met this entry, and could not go on for it. */
static inline struct vmm_gpt_result gpt_fail_at(enum vmm_gpt_error error, unsigned level, uint64_t pte)
{
	return (struct vmm_gpt_result){ .error = (uint8_t)error,
					.level = (uint8_t)level,
					.entry = pte };
}

/*
 * Takes out the leaf at ptep, of this level, and returns it as it was in the end;
 * what is no leaf is left alone, and returned. Not a plain exchange: that could
 * undo a freeze.
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

/* A leaf of this level, which may be frozen. */
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
