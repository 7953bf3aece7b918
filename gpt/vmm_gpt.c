/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Creating and freeing tables, walks, operations on single leaves.
 *
 *	 root (level 4)    level 3          level 2          level 1
 *	+-------------+   +-------------+   +-------------+   +-------------+
 *	| table    ---+-->| table    ---+-->| table    ---+-->| leaf   4 KiB|
 *	| VACANT      |   | leaf   1 GiB|   | leaf   2 MiB|   | 0 (empty)   |
 *	|             |   | VACANT      |   | 0 (empty)   |   | VACANT      |
 *	+-------------+   +-------------+   +-------------+   +-------------+
 *	Each table page has a node: parent, index, in_use (entries not VACANT).
 *
 *	States of an entry:
 *
 *	        populate       map
 *	VACANT ----------> 0 ----------> leaf
 *	   ^               |  <---------  |
 *	   |        freeze |     unmap    | freeze	A failed vacate or merge
 *	   |               v              v		thaws what it froze.
 *	   +----------- frozen         frozen
 *	      vacate       :              :
 *	                   :..............:...> merge, vacate of a whole table: the table is retired
 *
 *	Above level 1, split turns 0 or a leaf into a table, and merge does the reverse.
 *
 * Hardware walks the same tree. Entries contain all that the fast paths need: to map
 * is to walk and to replace 0 by a leaf with a compare-and-swap. A CPU that loses the
 * race, against another leaf or against a freeze, sees it in the failed swap. Nodes are
 * for operations that change the structure (populate.c, map_region.c, split_merge.c),
 * which are serialized; the reset functions read only a node's level.
 *
 * Two rules make this safe against hardware and other CPUs. A table is filled before
 * it is linked. An entry of a linked table is changed only by an atomic
 * read-modify-write, and by a compare-and-swap wherever another CPU might change it.
 */
#include "tree.h"

/* MAXPHYADDR: entries have room for at most 52 bits; SDM vol. 3A 4.1.4, APM 5.3. */
#define MAXPHYADDR_MIN 32
#define MAXPHYADDR_MAX 52

_Static_assert(sizeof(struct vmm_gpt_result) == 16, "a result fits two registers");
_Static_assert(VMM_GPT_ENTRIES * sizeof(vmm_gpt_pte_t) <= VMM_GPT_PAGE_SIZE, "a table fits a page");
_Static_assert(VMM_GPT_LEVELS >= 2, "the root is no lowest table");
_Static_assert((VMM_GPT_FROZEN & VMM_GPT_VACANT) && VMM_GPT_FROZEN != VMM_GPT_VACANT,
	       "one bit says of both that an entry is neither empty nor present");

const char *vmm_gpt_error_name(unsigned error)
{
	static const char *const names[] = {
		[VMM_GPT_OK] = "ok",
		[VMM_GPT_MISALIGNED] = "misaligned",
		[VMM_GPT_OUT_OF_RANGE] = "out of range",
		[VMM_GPT_NOT_POPULATED] = "not populated",
		[VMM_GPT_WRONG_SIZE] = "populated by entries of another size",
		[VMM_GPT_CONFLICT] = "conflicts with another mapping",
		[VMM_GPT_STILL_MAPPED] = "still mapped",
		[VMM_GPT_NOT_EXPRESSIBLE] = "not expressible",
		[VMM_GPT_NO_MEMORY] = "out of memory",
		[VMM_GPT_RETRY] = "retry",
	};

	return error < sizeof(names) / sizeof(names[0]) ? names[error] : "unknown error";
}

struct vmm_gpt_result vmm_gpt_alloc(struct vmm_gpt *gpt, const struct vmm_gpt_format *format,
				    const struct vmm_gpt_caps *caps,
				    const struct vmm_gpt_hooks *hooks)
{
	*gpt = (struct vmm_gpt){
		.format = format, .caps = *caps, .hooks = *hooks, .generation = 1
	};
	gpt->caps.leaf_1g &= caps->leaf_2m;
	if (caps->maxphyaddr < MAXPHYADDR_MIN || caps->maxphyaddr > MAXPHYADDR_MAX)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);

	struct vmm_gpt_node *root = hooks->get_table(hooks->ctx);

	if (!root)
		return gpt_error(VMM_GPT_NO_MEMORY);
	*root = (struct vmm_gpt_node){ .pfn = root->pfn, .level = VMM_GPT_LEVELS };
	for (unsigned i = 0; i < VMM_GPT_ENTRIES; i++)
		vmm_gpt_pte_store(gpt_table(gpt, root->pfn) + i, VMM_GPT_VACANT);
	gpt->root = root;
	gpt->tables = 1;
	return (struct vmm_gpt_result){ .changed = true };
}

static void free_tables(struct vmm_gpt *gpt, struct vmm_gpt_node *node)
{
	const vmm_gpt_pte_t *table = gpt_table(gpt, node->pfn);

	for (unsigned i = 0; node->level > 1 && i < VMM_GPT_ENTRIES; i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);

		if (gpt_pte_is_table(gpt->format, pte))
			free_tables(gpt, gpt_node_of(gpt, vpeo_pte_pfn(gpt->format, pte, 1)));
	}
	gpt->hooks.put_table(gpt->hooks.ctx, node);
}

void vmm_gpt_free(struct vmm_gpt *gpt)
{
	if (gpt->root)
		free_tables(gpt, gpt->root);
	gpt->root = NULL;
	gpt->tables = 0;
}

unsigned vmm_gpt_walk(const struct vmm_gpt *gpt, uint64_t gpa, vmm_gpt_pte_t *entries[],
		      unsigned depth)
{
	uint64_t pfn = gpt->root->pfn;
	unsigned found = 0;

	for (unsigned level = VMM_GPT_LEVELS; gpa < VMM_GPT_GPA_END && found < depth; level--) {
		vmm_gpt_pte_t *ptep = gpt_table(gpt, pfn) + gpt_index(gpa, level);

		entries[found++] = ptep;
		if (level == 1)
			break;

		uint64_t pte = vmm_gpt_pte_load(ptep);

		if (!gpt_pte_is_table(gpt->format, pte))
			break;
		pfn = vpeo_pte_pfn(gpt->format, pte, 1);
	}
	for (unsigned i = found; i < depth; i++)
		entries[i] = NULL;
	return found;
}

vmm_gpt_pte_t *vmm_gpt_lookup(const struct vmm_gpt *gpt, uint64_t gpa, unsigned *level)
{
	vmm_gpt_pte_t *ptep;
	unsigned found;
	uint64_t pte;

	if (gpa >= VMM_GPT_GPA_END)
		return NULL;
	do {
		ptep = gpt_find(gpt, gpa, &found);
		pte = vmm_gpt_pte_load(ptep);
	} while (found > 1 && gpt_pte_is_table(gpt->format, pte)); /* just split */
	if (pte == VMM_GPT_VACANT)
		return NULL;
	if (level)
		*level = found;
	return ptep;
}

/*
 * The result of mapping leaf, of level, where the walk ended at an entry that is not
 * empty, possibly of a higher level. Not inlined, to keep the successful path short.
 */
__attribute__((noinline)) static struct vmm_gpt_result conflict(const struct vmm_gpt *gpt,
							       uint64_t gpa, uint64_t leaf,
							       unsigned level, uint64_t found,
							       unsigned found_level)
{
	uint64_t there = gpt_pte_sans_ad(gpt->format, found);

	if (found == VMM_GPT_VACANT)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	if (gpt_pte_is_frozen(found))
		return gpt_fail_at(VMM_GPT_RETRY, found_level, found);
	if (!found)
		return gpt_fail_at(VMM_GPT_WRONG_SIZE, found_level, found);
	if (found_level > 1 && gpt_pte_is_table(gpt->format, found))
		return gpt_fail_at(VMM_GPT_WRONG_SIZE, found_level - 1, found);
	for (unsigned l = found_level; l > level; l--)
		there = gpt_pte_at_level(gpt->format, there, l, l - 1) +
			gpt_index(gpa, l - 1) * gpt_size(l - 1);
	return gpt_fail_at(there == leaf ? VMM_GPT_OK : VMM_GPT_CONFLICT, found_level, found);
}

static inline struct vmm_gpt_result installed(uint64_t leaf, unsigned level)
{
	return (struct vmm_gpt_result){ .level = (uint8_t)level, .changed = true, .entry = leaf };
}

/* The leaf that maps this, or VMM_GPT_NO_ENCODING. */
static inline uint64_t encode(const struct vmm_gpt *gpt, uint64_t pfn, unsigned level,
			      unsigned prot, unsigned type)
{
	if (level != 1 && (level < 1 || level > VMM_GPT_LEVELS || !gpt_has_leaf(gpt, level, prot)))
		return VMM_GPT_NO_ENCODING;
	return vpeo_map_page(gpt->format, &gpt->caps, level, pfn, prot, type);
}

static inline bool is_aligned(uint64_t gpa, uint64_t pfn, unsigned level)
{
	return !((gpa | pfn << VMM_GPT_PAGE_SHIFT) & (gpt_size(level) - 1));
}

struct vmm_gpt_result vmm_gpt_map(struct vmm_gpt *gpt, uint64_t gpa, uint64_t pfn, unsigned level,
				  unsigned prot, unsigned type)
{
	uint64_t leaf = encode(gpt, pfn, level, prot, type);
	vmm_gpt_pte_t *ptep;
	unsigned found;
	uint64_t pte;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (leaf == VMM_GPT_NO_ENCODING)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	if (!is_aligned(gpa, pfn, level))
		return gpt_error(VMM_GPT_MISALIGNED);

	do {
		ptep = gpt_find(gpt, gpa, &found);
		pte = 0;
		if (found != level)
			pte = vmm_gpt_pte_load(ptep);
		else if (vmm_gpt_pte_cas(ptep, &pte, leaf))
			return installed(leaf, level);
	} while (found > 1 && gpt_pte_is_table(gpt->format, pte)); /* just split */
	if (found < level)
		return gpt_fail_at(VMM_GPT_WRONG_SIZE, found, pte);
	return conflict(gpt, gpa, leaf, level, pte, found);
}

struct vmm_gpt_result vmm_gpt_map_at(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t pfn,
				     unsigned level, unsigned prot, unsigned type)
{
	uint64_t leaf = encode(gpt, pfn, level, prot, type);
	uint64_t old = 0;

	if (leaf == VMM_GPT_NO_ENCODING)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	if (!is_aligned(0, pfn, level))
		return gpt_error(VMM_GPT_MISALIGNED);
	if (!ptep)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	if (vmm_gpt_pte_cas(ptep, &old, leaf))
		return installed(leaf, level);
	return conflict(gpt, 0, leaf, level, old, level);
}

static uint64_t take(const struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level)
{
	uint64_t pte;

	if (!FAULT(GPT_UNMAP_STORE))
		return gpt_take_leaf(gpt, ptep, level);
	pte = vmm_gpt_pte_load(ptep);
	if (gpt_pte_is_leaf(gpt->format, pte, level))
		vmm_gpt_pte_exchange(ptep, 0);
	return pte;
}

struct vmm_gpt_result vmm_gpt_unmap(struct vmm_gpt *gpt, uint64_t gpa)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };
	vmm_gpt_pte_t *ptep;
	unsigned level;
	uint64_t pte;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (gpa & (VMM_GPT_PAGE_SIZE - 1))
		return gpt_error(VMM_GPT_MISALIGNED);
	do {
		ptep = gpt_find(gpt, gpa, &level);
		pte = take(gpt, ptep, level);
	} while (level > 1 && gpt_pte_is_table(gpt->format, pte)); /* just split */
	if (gpt_pte_is_frozen(pte))
		return gpt_fail_at(VMM_GPT_RETRY, level, pte);
	if (gpt_pte_is_leaf(gpt->format, pte, level)) {
		result.entry = pte;
		result.level = (uint8_t)level;
		result.changed = true;
		if (!FAULT(GPT_UNMAP_NO_FLUSH))
			result.flush = VMM_GPT_FLUSH_REQUIRED;
	}
	return result;
}

bool vmm_gpt_is_mapped(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *ptep, unsigned level,
		       struct vmm_gpt_leaf *leaf)
{
	uint64_t pte = ptep ? vmm_gpt_pte_load(ptep) : 0;

	if (gpt_pte_is_frozen(pte)) /* to readers it is still the leaf */
		pte = gpt_pte_thaw(pte);
	if (!gpt_pte_is_leaf(gpt->format, pte, level))
		return false;
	if (leaf)
		gpt_decode(gpt, pte, level, leaf);
	return true;
}

/*
 * The level comes from the node, because the entry alone does not distinguish a 4 KiB
 * leaf from a table's entry.
 */
static struct vmm_gpt_result reset_bit(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t bit,
				       bool on, enum vmm_gpt_flush cleared)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };

	if (!ptep)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	result.level = (uint8_t)gpt_node_around(gpt, ptep)->level;
	if (!gpt_pte_reset_bit(gpt->format, ptep, result.level, bit, on, &result.entry)) {
		if (gpt_pte_is_frozen(result.entry))
			return gpt_fail_at(VMM_GPT_RETRY, result.level, result.entry);
		if (vpeo_pte_is_present(gpt->format, result.entry))
			return gpt_fail_at(VMM_GPT_WRONG_SIZE, result.level - 1, result.entry);
		return gpt_error(VMM_GPT_NOT_POPULATED);
	}
	result.changed = !(result.entry & bit) == on;
	if (result.changed && !on)
		result.flush = (uint8_t)cleared;
	return result;
}

struct vmm_gpt_result vmm_gpt_reset_accessed(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on)
{
	return reset_bit(gpt, ptep, gpt->format->accessed, on, VMM_GPT_FLUSH_OPTIONAL);
}

struct vmm_gpt_result vmm_gpt_reset_dirty(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, bool on)
{
	return reset_bit(gpt, ptep, gpt->format->dirty, on, VMM_GPT_FLUSH_REQUIRED);
}

bool vmm_gpt_can_track_dirty(const struct vmm_gpt *gpt)
{
	return gpt->caps.track_ad;
}

uint64_t vmm_gpt_get_pmtp(const struct vmm_gpt *gpt, bool track_ad)
{
	return vpeo_get_pmtp(gpt->format, gpt->root->pfn, track_ad && gpt->caps.track_ad);
}
