/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables, walks, leaves. (populate.c: which slots exist.)
 *
 *	root ──► table ──► table ──► lowest table: [ VACANT | 0 | leaf | ... ]
 *	          │ node    │ node    │ node: in_use = slots that are not VACANT
 *
 * The tree is the one that hardware walks; there is no second one. An entry
 * says all that the fast paths must know, so to map is to walk and to swap a
 * leaf in for 0, and whoever comes too late, to a slot that has a leaf or that
 * is being taken out, learns it from the failed swap. Nodes are for those who
 * change the tree's shape: populate and vacate, one at a time.
 *
 * Two rules make all of it safe beside hardware and other CPUs: a table is
 * filled before it is linked, and what is linked is changed only by an atomic
 * read-modify-write that names the value it replaces.
 */
#include "gpt/tree.h"

/* MAXPHYADDR: an entry has no room for more than 52; SDM vol. 3A 4.1.4, APM 5.3. */
#define MAXPHYADDR_MIN 32
#define MAXPHYADDR_MAX 52

_Static_assert(sizeof(struct vmm_gpt_result) == 16, "a result fits two registers");
_Static_assert(VMM_GPT_ENTRIES * sizeof(vmm_gpt_pte_t) <= VMM_GPT_PAGE_SIZE,
	       "a table fits a page");
_Static_assert(VMM_GPT_LEVELS >= 2, "the root is no lowest table");
_Static_assert(VMM_GPT_VACANT & VMM_GPT_FROZEN, "a frozen slot is one that is not populated");

const char *vmm_gpt_error_name(unsigned error)
{
	static const char *const names[] = {
		[VMM_GPT_OK] = "ok",
		[VMM_GPT_MISALIGNED] = "misaligned",
		[VMM_GPT_OUT_OF_RANGE] = "out of range",
		[VMM_GPT_NOT_POPULATED] = "not populated",
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
	*gpt = (struct vmm_gpt){ .format = format, .caps = *caps, .hooks = *hooks };
	if (caps->maxphyaddr < MAXPHYADDR_MIN || caps->maxphyaddr > MAXPHYADDR_MAX)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);

	struct vmm_gpt_node *root = hooks->get_table(hooks->ctx);

	if (!root)
		return gpt_error(VMM_GPT_NO_MEMORY);
	*root = (struct vmm_gpt_node){ .pfn = root->pfn, .level = VMM_GPT_LEVELS };
	gpt->root = root;
	gpt->tables = 1;
	return (struct vmm_gpt_result){ .did_it = true };
}

static void free_tables(struct vmm_gpt *gpt, struct vmm_gpt_node *node)
{
	const vmm_gpt_pte_t *table = gpt_table(gpt, node->pfn);

	for (unsigned i = 0; node->level > 1 && i < VMM_GPT_ENTRIES; i++) {
		uint64_t pte = vmm_gpt_pte_load(&table[i]);

		if (vpeo_pte_is_table(gpt->format, pte))
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

		if (!vpeo_pte_is_table(gpt->format, pte))
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
	ptep = gpt_find(gpt, gpa, &found);
	pte = vmm_gpt_pte_load(ptep);
	/* Above level 1 a hole may become a table at any moment: a leaf counts. */
	if (found == 1 ? !!(pte & VMM_GPT_VACANT) : !vpeo_pte_is_leaf(gpt->format, pte, found))
		return NULL;
	if (level)
		*level = found;
	return ptep;
}

/* What became of a swap that found old where it wanted 0. */
static struct vmm_gpt_result lost_to(const struct vmm_gpt *gpt, uint64_t old, unsigned level,
				     uint64_t leaf)
{
	struct vmm_gpt_result result = { .level = (uint8_t)level, .entry = old };

	if (old == VMM_GPT_VACANT)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	if (old == VMM_GPT_FROZEN)
		result.error = VMM_GPT_RETRY;
	else if (vpeo_pte_sans_ad(gpt->format, old) != leaf)
		result.error = VMM_GPT_CONFLICT;
	return result;
}

static inline struct vmm_gpt_result install(const struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep,
					    unsigned level, uint64_t leaf)
{
	uint64_t old = 0;

	if (!vmm_gpt_pte_cas(ptep, &old, leaf))
		return lost_to(gpt, old, level, leaf);
	return (struct vmm_gpt_result){ .level = (uint8_t)level, .did_it = true, .entry = leaf };
}

/* Leaves of 4 KiB only, for now: a larger one needs split and merge. */
static inline uint64_t encode(const struct vmm_gpt *gpt, uint64_t pfn, unsigned level,
			      unsigned prot, unsigned type)
{
	if (level != 1)
		return VMM_GPT_NO_ENCODING;
	return vpeo_map_page(gpt->format, &gpt->caps, level, pfn, prot, type);
}

struct vmm_gpt_result vmm_gpt_map(struct vmm_gpt *gpt, uint64_t gpa, uint64_t pfn, unsigned level,
				  unsigned prot, unsigned type)
{
	uint64_t leaf = encode(gpt, pfn, level, prot, type);
	vmm_gpt_pte_t *ptep;
	unsigned found;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (gpa & (VMM_GPT_PAGE_SIZE - 1))
		return gpt_error(VMM_GPT_MISALIGNED);
	if (leaf == VMM_GPT_NO_ENCODING)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);

	ptep = gpt_find(gpt, gpa, &found);
	if (found != level) {
		uint64_t pte = vmm_gpt_pte_load(ptep);

		if (!vpeo_pte_is_leaf(gpt->format, pte, found))
			return gpt_error(VMM_GPT_NOT_POPULATED);
		return (struct vmm_gpt_result){ .error = VMM_GPT_CONFLICT,
						.level = (uint8_t)found,
						.entry = pte };
	}
	return install(gpt, ptep, level, leaf);
}

struct vmm_gpt_result vmm_gpt_map_at(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t pfn,
				     unsigned level, unsigned prot, unsigned type)
{
	uint64_t leaf = encode(gpt, pfn, level, prot, type);

	if (leaf == VMM_GPT_NO_ENCODING)
		return gpt_error(VMM_GPT_NOT_EXPRESSIBLE);
	if (!ptep)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	return install(gpt, ptep, level, leaf);
}

/*
 * Takes out the leaf at ptep, and returns it as it was in the end; 0 if there
 * is none. Not a plain exchange: that could undo a freeze.
 */
static inline uint64_t take_leaf(const struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, unsigned level)
{
	uint64_t pte = vmm_gpt_pte_load(ptep);

	do {
		if (!vpeo_pte_is_leaf(gpt->format, pte, level))
			return 0;
	} while (!vmm_gpt_pte_cas(ptep, &pte, 0));
	return pte;
}

static inline void decode(const struct vmm_gpt *gpt, uint64_t pte, unsigned level,
			  struct vmm_gpt_leaf *leaf)
{
	const struct vmm_gpt_format *format = gpt->format;

	*leaf = (struct vmm_gpt_leaf){
		.pfn = vpeo_pte_pfn(format, pte, level),
		.prot = (uint8_t)vpeo_pte_prot(format, pte),
		.type = (uint8_t)vpeo_pte_type(format, pte, level),
		.level = (uint8_t)level,
		.accessed = pte & format->accessed,
		.dirty = pte & format->dirty,
	};
}

struct vmm_gpt_result vmm_gpt_unmap(struct vmm_gpt *gpt, uint64_t gpa)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };
	unsigned level;

	if (gpa >= VMM_GPT_GPA_END)
		return gpt_error(VMM_GPT_OUT_OF_RANGE);
	if (gpa & (VMM_GPT_PAGE_SIZE - 1))
		return gpt_error(VMM_GPT_MISALIGNED);

	vmm_gpt_pte_t *ptep = gpt_find(gpt, gpa, &level);

	result.entry = take_leaf(gpt, ptep, level);
	if (result.entry) {
		result.level = (uint8_t)level;
		result.did_it = true;
		result.flush = VMM_GPT_FLUSH_REQUIRED;
	}
	return result;
}

/* Apart, so that the loop below keeps its registers: decoding takes many. */
__attribute__((noinline)) static void tell_gone(const struct vmm_gpt *gpt, uint64_t gpa,
						uint64_t pte, unsigned level,
						vmm_gpt_leaf_fn *gone, void *arg)
{
	struct vmm_gpt_leaf leaf;

	decode(gpt, pte, level, &leaf);
	gone(arg, gpa, &leaf);
}

/* How many pages were mapped. The level is span->level, as a constant where it can be. */
static inline uint64_t unmap_span(const struct vmm_gpt *gpt, const struct gpt_span *span,
				  unsigned level, vmm_gpt_leaf_fn *gone, void *arg)
{
	vmm_gpt_pte_t *slots = span->slots;
	unsigned count = span->count;
	uint64_t leaves = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t pte = take_leaf(gpt, &slots[i], level);

		if (!pte)
			continue;
		leaves++;
		if (gone)
			tell_gone(gpt, span->gpa + (uint64_t)i * VMM_GPT_PAGE_SIZE, pte, level,
				  gone, arg);
	}
	return leaves << (vmm_gpt_level_shift(level) - VMM_GPT_PAGE_SHIFT);
}

struct vmm_gpt_result vmm_gpt_unmap_region(struct vmm_gpt *gpt, uint64_t start, uint64_t end,
					   vmm_gpt_leaf_fn *gone, void *arg)
{
	struct vmm_gpt_result result = { .error = (uint8_t)gpt_check_range(start, end) };
	struct gpt_span span;
	uint64_t gpa = start;

	if (result.error)
		return result;
	while (gpt_next_span(gpt, &gpa, end, &span)) {
		uint64_t size = UINT64_C(1) << vmm_gpt_level_shift(span.level);

		/* A part of a large leaf cannot go before leaves can be split. */
		if (span.gpa < start || span.gpa + span.count * size > end) {
			result.error = VMM_GPT_CONFLICT;
			result.level = (uint8_t)span.level;
			break;
		}
		result.entry += span.level == 1 ? unmap_span(gpt, &span, 1, gone, arg) :
						  unmap_span(gpt, &span, span.level, gone, arg);
	}
	result.did_it = result.entry;
	result.flush = result.entry ? VMM_GPT_FLUSH_REQUIRED : VMM_GPT_FLUSH_NONE;
	return result;
}

bool vmm_gpt_is_mapped(const struct vmm_gpt *gpt, const vmm_gpt_pte_t *ptep, unsigned level,
		       struct vmm_gpt_leaf *leaf)
{
	uint64_t pte = ptep ? vmm_gpt_pte_load(ptep) : 0;

	if (!vpeo_pte_is_leaf(gpt->format, pte, level))
		return false;
	if (leaf)
		decode(gpt, pte, level, leaf);
	return true;
}

/*
 * The level is the node's: an entry does not tell a leaf of 4 KiB from a
 * pointer to a table.
 */
static struct vmm_gpt_result reset_bit(struct vmm_gpt *gpt, vmm_gpt_pte_t *ptep, uint64_t bit,
				       bool on, enum vmm_gpt_flush cleared)
{
	struct vmm_gpt_result result = { .error = VMM_GPT_OK };

	if (!ptep)
		return gpt_error(VMM_GPT_NOT_POPULATED);
	result.level = (uint8_t)gpt_node_around(gpt, ptep)->level;
	if (!vpeo_reset_bit(gpt->format, ptep, result.level, bit, on, &result.entry))
		return gpt_error(VMM_GPT_NOT_POPULATED);
	result.did_it = !(result.entry & bit) == on;
	if (result.did_it && !on)
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

const struct vmm_gpt_node *vmm_gpt_node_at(const struct vmm_gpt *gpt, uint64_t gpa, unsigned level)
{
	unsigned lowest;
	vmm_gpt_pte_t *ptep;

	if (gpa >= VMM_GPT_GPA_END || level < 1 || level > VMM_GPT_LEVELS)
		return NULL;
	ptep = gpt_find(gpt, gpa, &lowest);
	if (lowest > level)
		return NULL;

	const struct vmm_gpt_node *node = gpt_node_around(gpt, ptep);

	while (node->level < level)
		node = node->parent;
	return node;
}
