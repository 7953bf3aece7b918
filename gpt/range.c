/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations on the leaves of a range: unmap, protect, collect.
 *
 * Entries that extend beyond the range are split first, so that running out of memory
 * comes before any change. Then each entry is changed once, by a read-modify-write
 * that is safe against hardware and other CPUs.
 */
#include "split_merge.h"

struct range_op {
	struct vmm_gpt_result result; /* .entry: counted so far */
	vmm_gpt_leaf_fn *tell;
	void *arg;
	uint64_t bits;	 /* collect */
	bool clear;	 /* collect */
	uint64_t rights; /* protect: encoded */
	unsigned prot;
};

/*
 * Processes a span. level is span->level, as a constant where possible. Returns the
 * entry that stopped it, frozen or a table by now; otherwise 0.
 */
typedef uint64_t range_fn(const struct vmm_gpt *gpt, const struct gpt_span *span, unsigned level,
			  struct range_op *op);

/* Not inlined: decoding needs many registers, which the loops below need themselves. */
__attribute__((noinline)) static void tell(const struct vmm_gpt *gpt, const struct gpt_span *span,
					   unsigned i, uint64_t pte, unsigned level,
					   const struct range_op *op)
{
	struct vmm_gpt_leaf leaf;

	gpt_decode(gpt, pte, level, &leaf);
	op->tell(op->arg, span->gpa + (uint64_t)i * VMM_GPT_PAGE_SIZE, &leaf);
}

/* For an entry that is not a leaf: whether it is a frozen leaf or a table. */
static inline bool stops(uint64_t pte)
{
	return pte & ~VMM_GPT_FROZEN;
}

static inline uint64_t unmap_span(const struct vmm_gpt *gpt, const struct gpt_span *span,
				  unsigned level, struct range_op *op)
{
	vmm_gpt_pte_t *slots = span->slots;
	unsigned count = span->count;
	uint64_t leaves = 0, stopped = 0;

	for (unsigned i = 0; i < count && !stopped; i++) {
		uint64_t pte = gpt_take_leaf(gpt, &slots[i], level);

		if (gpt_pte_is_leaf(gpt->format, pte, level)) {
			leaves++;
			if (op->tell)
				tell(gpt, span, i, pte, level, op);
		} else if (stops(pte)) {
			stopped = pte;
		}
	}
	if (leaves)
		op->result.flush = VMM_GPT_FLUSH_REQUIRED;
	op->result.entry += leaves * (gpt_size(level) >> VMM_GPT_PAGE_SHIFT);
	return stopped;
}

/* Adds the outcome of a span to the result; returns the entry that stopped it. */
static inline uint64_t note_protected(struct range_op *op, unsigned level, uint64_t changed,
				      uint64_t removed, uint64_t stopped)
{
	op->result.entry += changed * (gpt_size(level) >> VMM_GPT_PAGE_SHIFT);
	if (removed && !FAULT(GPT_PROTECT_FLUSH))
		op->result.flush = VMM_GPT_FLUSH_REQUIRED;
	return stopped;
}

static inline uint64_t protect_span(const struct vmm_gpt *gpt, const struct gpt_span *span,
				    unsigned level, struct range_op *op)
{
	const struct vmm_gpt_format *format = gpt->format;
	const uint64_t mask = format->rights_mask, rights = op->rights;
	uint64_t changed = 0, removed = 0;

	for (unsigned i = 0; i < span->count; i++) {
		vmm_gpt_pte_t *ptep = &span->slots[i];
		uint64_t pte = vmm_gpt_pte_load(ptep);

		do {
			if (!gpt_pte_is_leaf(format, pte, level))
				break;
			if ((pte & mask) == rights)
				break;
			if (level > 1 && !gpt_has_leaf(gpt, level, op->prot)) {
				op->result.error = VMM_GPT_NOT_EXPRESSIBLE;
				return note_protected(op, level, changed, removed, 0);
			}
		} while (!vmm_gpt_pte_cas(ptep, &pte, (pte & ~mask) | rights));
		if (!gpt_pte_is_leaf(format, pte, level)) {
			if (stops(pte))
				return note_protected(op, level, changed, removed, pte);
			continue;
		}
		/* Bits that deny when set have the opposite sense. */
		removed |= (pte ^ format->inverted) & ~(rights ^ format->inverted) & mask;
		changed += (pte & mask) != rights;
	}
	return note_protected(op, level, changed, removed, 0);
}

/* Collects from one entry. Returns the entry if it stops the operation, else 0. */
__attribute__((noinline)) static uint64_t take_bits(const struct vmm_gpt *gpt,
						    const struct gpt_span *span, unsigned i,
						    unsigned level, struct range_op *op)
{
	vmm_gpt_pte_t *ptep = &span->slots[i];
	uint64_t pte = vmm_gpt_pte_load(ptep);

	do {
		if (!gpt_pte_is_leaf(gpt->format, pte, level))
			return stops(pte) ? pte : 0;
		if (!(pte & op->bits))
			return 0;
	} while (op->clear && !vmm_gpt_pte_cas(ptep, &pte, pte & ~op->bits));
	op->result.entry++;
	if (op->tell)
		tell(gpt, span, i, pte, level, op);
	if (op->clear && (pte & op->bits & gpt->format->dirty))
		op->result.flush = VMM_GPT_FLUSH_REQUIRED;
	return 0;
}

static inline uint64_t collect_span(const struct vmm_gpt *gpt, const struct gpt_span *span,
				    unsigned level, struct range_op *op)
{
	/* Almost all entries of level 1 have none of these bits: skip them cheaply. */
	const uint64_t bits = op->bits | VMM_GPT_VACANT;
	uint64_t stopped = 0;

	for (unsigned i = 0; i < span->count && !stopped; i++)
		if (level > 1 || (vmm_gpt_pte_load(&span->slots[i]) & bits))
			stopped = take_bits(gpt, span, i, level, op);
	return stopped;
}

/* Splits what extends beyond the range. False if it failed; the result has the error. */
static bool cut(struct vmm_gpt *gpt, uint64_t start, uint64_t end, struct range_op *op)
{
	struct vmm_gpt_result result = gpt_split_edges(gpt, start, end, GPT_SPLIT_LEAF);

	op->result.error = result.error;
	op->result.changed |= result.changed;
	if (result.flush)
		op->result.flush = result.flush;
	return !result.error;
}

/* Calls fn for every span of [start, end); if cuts is set, splits at the edges first. */
static inline struct vmm_gpt_result for_range(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
						 range_fn *fn, bool cuts, struct range_op *op)
{
	struct vmm_gpt_result *result = &op->result;
	struct gpt_span span;
	uint64_t gpa = start;

	if (cuts && !cut(gpt, start, end, op))
		return *result;
	while (gpt_next_span(gpt, &gpa, end, &span)) {
		uint64_t stopped;

		if (cuts && gpt_straddles(&span, start, end)) {
			/* Empty, or mapped since the split: never process it as a whole. */
			stopped = vmm_gpt_pte_load(span.slots);
			if (gpt_pte_is_leaf(gpt->format, stopped, span.level) &&
			    !cut(gpt, start, end, op))
				break;
			stopped = stops(stopped) ? stopped : 0;
		} else if (span.level == 1) {
			stopped = fn(gpt, &span, 1, op);
		} else {
			stopped = fn(gpt, &span, span.level, op);
		}
		if (gpt_pte_is_frozen(stopped))
			result->error = VMM_GPT_RETRY;
		if (result->error)
			break;
		if (stopped) /* it was split meanwhile */
			gpa = gpt_max(start, span.gpa);
	}
	result->changed |= result->entry > 0;
	return *result;
}

struct vmm_gpt_result vmm_gpt_unmap_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					   vmm_gpt_leaf_fn *gone, void *arg)
{
	struct range_op op = { .tell = gone, .arg = arg };
	enum vmm_gpt_error error = gpt_check_range(start, end);

	if (error)
		return gpt_error(error);
	return for_range(gpt, start, end, unmap_span, true, &op);
}

/* Whether the range fully covers large leaves, or 2 MiB of one, that must not be executable. */
static bool forbids_exec(const struct vmm_gpt *gpt, uint64_t start, uint64_t end)
{
	const uint64_t large = gpt_size(2);
	struct gpt_span span;

	for (uint64_t gpa = start; gpt_next_span(gpt, &gpa, end, &span);) {
		uint64_t from = gpt_max(start, span.gpa);
		uint64_t to = gpt_min(end, span.gpa + gpt_size(span.level));
		uint64_t pte;

		if (gpt_has_leaf(gpt, span.level, VMM_GPT_EXEC))
			continue;
		pte = vmm_gpt_pte_load(span.slots);
		if (gpt_pte_is_table(gpt->format, pte)) /* just split */
			gpa = from;
		/* The parts at the edges may be small enough after the split. */
		if (gpt_pte_is_leaf(gpt->format, pte, span.level) &&
		    ((from + large - 1) & ~(large - 1)) + large <= to)
			return true;
	}
	return false;
}

struct vmm_gpt_result vmm_gpt_protect_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					     unsigned prot)
{
	struct range_op op = { .prot = prot };
	enum vmm_gpt_error error = gpt_check_range(start, end);

	if (error)
		return gpt_error(error);
	if (vpeo_map_page(gpt->format, &gpt->caps, 1, 0, prot, VMM_GPT_WB) == VMM_GPT_NO_ENCODING ||
	    (prot & VMM_GPT_EXEC && forbids_exec(gpt, start, end)))
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	op.rights = gpt->format->rights[prot];
	return for_range(gpt, start, end, protect_span, true, &op);
}

struct vmm_gpt_result vmm_gpt_collect(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
				      unsigned bits, bool clear, vmm_gpt_leaf_fn *found, void *arg)
{
	struct range_op op = {
		.tell = found,
		.arg = arg,
		.bits = (bits & VMM_GPT_ACCESSED ? gpt->format->accessed : 0) |
			(bits & VMM_GPT_DIRTY ? gpt->format->dirty : 0),
		.clear = clear,
	};
	enum vmm_gpt_error error = gpt_check_range(start, end);
	struct vmm_gpt_result result;

	if (error)
		return gpt_error(error);
	result = for_range(gpt, start, end, collect_span, false, &op);
	result.changed = clear && result.entry;
	if (result.changed && !result.flush)
		result.flush = VMM_GPT_FLUSH_OPTIONAL;
	return result;
}
