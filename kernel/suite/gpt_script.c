/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a script on two tables. */
#include "kernel/suite/gpt_script.h"

#include "gpt/format.h"

#define K (UINT64_C(1) << 10)
#define M (UINT64_C(1) << 20)
#define G (UINT64_C(1) << 30)
#define T VMM_GPT_GPA_END

/* Around the ends of tables of each level. An atom that crosses one begins and ends at one. */
const uint64_t gpt_edges[GPT_EDGES + 2] = {
	0,
	4 * K,
	8 * K,
	2 * M - 4 * K,
	2 * M,
	2 * M + 4 * K,
	2 * M + 8 * K,
	4 * M - 4 * K,
	4 * M,
	1 * G - 2 * M,
	1 * G - 2 * M + 4 * K,
	1 * G - 4 * K,
	1 * G,
	1 * G + 4 * K,
	1 * G + 2 * M - 4 * K,
	1 * G + 2 * M,
	1 * G + 2 * M + 4 * K,
	1 * G + 4 * M - 4 * K,
	1 * G + 4 * M,
	2 * G - 2 * M,
	2 * G - 4 * K,
	2 * G,
	2 * G + 4 * K,
	2 * G + 2 * M,
	3 * G,
	511 * G,
	511 * G + 2 * M,
	512 * G - 2 * M,
	512 * G - 2 * M + 4 * K,
	512 * G - 8 * K,
	512 * G - 4 * K,
	512 * G,
	512 * G + 4 * K,
	512 * G + 2 * M - 4 * K,
	512 * G + 2 * M,
	512 * G + 2 * M + 4 * K,
	512 * G + 4 * M,
	513 * G,
	1024 * G,
	T - 512 * G,
	T - 1 * G,
	T - 2 * M,
	T - 2 * M + 4 * K,
	T - 8 * K,
	T - 4 * K,
	T,
	T + 4 * K,
	UINT64_MAX - 4 * K + 1,
};

/*
 * Numbers 0 to 3: pfns that increase with gpa across edges, so that adjacent leaves can be
 * merged; leaves of different numbers cannot. The others are edge cases.
 */
static uint64_t pfn_of(const struct gpt_script *script, unsigned number, uint64_t gpa)
{
	uint64_t page = gpa >> VMM_GPT_PAGE_SHIFT & 0x7ffff;
	uint64_t end = UINT64_C(1) << (script->caps.maxphyaddr - VMM_GPT_PAGE_SHIFT);

	switch (number) {
	case 0:
		return page;
	case 1:
		return page + 0x20000; /* not aligned to 1 GiB, only to half of it */
	case 2:
		return page + 0x100; /* likewise for 2 MiB */
	case 3:
		return end - 0x80000 + page; /* the last 2 GiB of physical addresses */
	case 4:
		return end;
	case 5:
		return end - 1;
	case 6:
		return page | UINT64_C(1) << 52; /* does not fit into an entry */
	default:
		return UINT64_MAX;
	}
}

void gpt_op_args(const struct gpt_script *script, const struct gpt_op *op, struct gpt_args *args)
{
	args->start = gpt_edges[op->a] + (op->flags & GPT_OFF_START ? 0x808 : 0);
	args->end = gpt_edges[op->b] + (op->flags & GPT_OFF_END ? 0x10 : 0);
	args->pfn = pfn_of(script, op->pfn, gpt_edges[op->a]);
}

static struct vmm_gpt_node *get_table(void *ctx)
{
	struct gpt_side *side = ctx;
	struct vmm_gpt_node *node;

	side->gets++;
	if (side->out >= side->limit || (side->fail && side->gets >= side->fail))
		return NULL;
	node = side->hooks.get_table(side->hooks.ctx);
	side->out += node != NULL;
	return node;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct gpt_side *side = ctx;

	side->out--;
	side->hooks.put_table(side->hooks.ctx, node);
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	struct gpt_side *side = ctx;

	return side->hooks.node_of(side->hooks.ctx, pfn);
}

uint64_t gpt_side_available(const struct gpt_side *side, const struct gpt_op *op)
{
	uint64_t available = side->limit - side->out;

	return op->fail && op->fail - 1u < available ? op->fail - 1u : available;
}

const char *gpt_pair_init(struct gpt_pair *pair, const struct gpt_script *script,
			  const struct vmm_gpt_hooks hooks[2])
{
	for (unsigned s = 0; s < 2; s++) {
		struct gpt_side *side = &pair->side[s];
		struct vmm_gpt_caps caps = script->caps;
		/* nPT cannot express execute-only: then both sides are EPT. */
		bool npt = s && !caps.exec_only;
		struct vmm_gpt_hooks own = {
			.ctx = side,
			.page_base = hooks[s].page_base,
			.get_table = get_table,
			.put_table = put_table,
			.node_of = node_of,
		};

		*side = (struct gpt_side){ .hooks = hooks[s],
					   .limit = script->limit,
					   .access = gpt_side_access };
		caps.exec_only |= npt; /* must have no effect on nPT */
		if (vmm_gpt_alloc(&side->gpt, npt ? &vmm_gpt_npt : &vmm_gpt_ept, &caps, &own).error)
			return "there is no page for the root";
	}
	return NULL;
}

const char *gpt_pair_fini(struct gpt_pair *pair)
{
	const char *error = NULL;

	for (unsigned s = 0; s < 2; s++) {
		struct gpt_side *side = &pair->side[s];

		vmm_gpt_free_retired(&side->gpt, &side->taken);
		vmm_gpt_free(&side->gpt);
		if (side->out)
			error = "pages were lost";
	}
	return error;
}

static void hardware_sets(vmm_gpt_pte_t *ptep, uint64_t bits)
{
	__atomic_fetch_or(ptep, bits, __ATOMIC_SEQ_CST);
}

void gpt_side_access(struct gpt_side *side, uint64_t gpa, unsigned access)
{
	const struct vmm_gpt_format *format = side->gpt.format;
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	unsigned found = vmm_gpt_walk(&side->gpt, gpa, entries, VMM_GPT_LEVELS);
	unsigned level = VMM_GPT_LEVELS + 1 - found;
	struct vmm_gpt_leaf leaf;

	for (unsigned i = 0; i + 1 < found; i++)
		hardware_sets(entries[i], format->accessed);
	if (found && vmm_gpt_is_mapped(&side->gpt, entries[found - 1], level, &leaf) &&
	    !(access & ~leaf.prot))
		hardware_sets(entries[found - 1],
			      format->accessed | (access & VMM_GPT_WRITE ? format->dirty : 0));
}

uint64_t gpt_leaf_hash(uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	const uint64_t parts[] = { gpa,		leaf->pfn,	leaf->prot, leaf->type,
				   leaf->level, leaf->accessed, leaf->dirty };
	uint64_t hash = UINT64_C(14695981039346656037);

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hash = (hash ^ parts[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

static void told(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	struct gpt_outcome *outcome = arg;

	outcome->told++;
	outcome->told_hash += gpt_leaf_hash(gpa, leaf);
}

static struct vmm_gpt_result do_map_at(struct gpt_side *side, const struct gpt_op *op,
				       const struct gpt_args *args)
{
	unsigned level = 1;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&side->gpt, args->start, &level);

	return vmm_gpt_map_at(&side->gpt, ptep, args->pfn, level, op->prot, op->type);
}

/* The entry is that of a lookup or, if .level is set, of a walk at this level, where it may
 * point to a table or be vacant. */
static struct vmm_gpt_result do_reset(struct gpt_side *side, const struct gpt_op *op,
				      const struct gpt_args *args)
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&side->gpt, args->start, NULL);

	if (op->level) {
		vmm_gpt_walk(&side->gpt, args->start, entries, VMM_GPT_LEVELS);
		ptep = entries[VMM_GPT_LEVELS - op->level];
	}
	return op->kind == GPT_OP_RESET_DIRTY ?
		       vmm_gpt_reset_dirty(&side->gpt, ptep, op->flags & GPT_ON) :
		       vmm_gpt_reset_accessed(&side->gpt, ptep, op->flags & GPT_ON);
}

static struct vmm_gpt_result do_one(struct gpt_side *side, const struct gpt_op *op,
				    const struct gpt_args *args)
{
	struct vmm_gpt *gpt = &side->gpt;
	struct gpt_outcome *outcome = &side->outcome;

	switch (op->kind) {
	case GPT_OP_POPULATE:
		return vmm_gpt_populate_region(gpt, args->start, args->end, op->level);
	case GPT_OP_VACATE:
		return vmm_gpt_vacate_region(gpt, args->start, args->end, &side->taken);
	case GPT_OP_SPLIT:
		return vmm_gpt_split(gpt, args->start, op->level);
	case GPT_OP_MERGE:
		return vmm_gpt_merge(gpt, args->start, op->level, &side->taken);
	case GPT_OP_MAP:
		return vmm_gpt_map(gpt, args->start, args->pfn, op->level, op->prot, op->type);
	case GPT_OP_MAP_AT:
		return do_map_at(side, op, args);
	case GPT_OP_MAP_REGION:
		return vmm_gpt_map_region(gpt, args->start, args->end, args->pfn, op->prot,
					  op->type, op->level,
					  op->flags & GPT_NO_TAKEN ? NULL : &side->taken);
	case GPT_OP_UNMAP:
		return vmm_gpt_unmap(gpt, args->start);
	case GPT_OP_UNMAP_REGION:
		return vmm_gpt_unmap_region(gpt, args->start, args->end, told, outcome);
	case GPT_OP_PROTECT:
		return vmm_gpt_protect_region(gpt, args->start, args->end, op->prot);
	case GPT_OP_RESET_ACCESSED:
	case GPT_OP_RESET_DIRTY:
		return do_reset(side, op, args);
	case GPT_OP_COLLECT:
		return vmm_gpt_collect(gpt, args->start, args->end, op->prot, op->flags & GPT_ON,
				       told, outcome);
	case GPT_OP_ACCESS:
		/* EPT without A and D: leave them clear in nPT, too. */
		if (gpt->caps.track_ad)
			side->access(side, args->start, op->prot);
		break;
	default:
		vmm_gpt_free_retired(gpt, &side->taken);
		break;
	}
	return (struct vmm_gpt_result){ .error = VMM_GPT_OK };
}

/* Whether .entry is an entry, not a number. For WRONG_SIZE it may point to a table. */
static bool has_entry(const struct gpt_op *op, const struct vmm_gpt_result *result)
{
	switch (result->error) {
	case VMM_GPT_CONFLICT:
	case VMM_GPT_STILL_MAPPED:
	case VMM_GPT_RETRY:
	case VMM_GPT_WRONG_SIZE:
		return true;
	case VMM_GPT_OK:
		break;
	default:
		return false;
	}
	return op->kind == GPT_OP_MERGE || op->kind == GPT_OP_MAP || op->kind == GPT_OP_MAP_AT ||
	       op->kind == GPT_OP_UNMAP || op->kind == GPT_OP_RESET_ACCESSED ||
	       op->kind == GPT_OP_RESET_DIRTY;
}

static void read_entry(const struct gpt_side *side, const struct gpt_op *op,
		       struct gpt_outcome *outcome)
{
	vmm_gpt_pte_t entry = outcome->result.entry;

	if (!has_entry(op, &outcome->result))
		return;
	outcome->result.entry = 0;
	if (entry == VMM_GPT_VACANT)
		outcome->entry = GPT_IS_VACANT;
	else if (!entry)
		outcome->entry = GPT_IS_EMPTY;
	else if (outcome->result.error != VMM_GPT_WRONG_SIZE &&
		 vmm_gpt_is_mapped(&side->gpt, &entry, outcome->result.level, &outcome->leaf))
		outcome->entry = GPT_IS_LEAF;
	else
		outcome->entry = GPT_IS_OTHER;
}

static const char *do_side(struct gpt_side *side, const struct gpt_script *script,
			   const struct gpt_op *op)
{
	uint64_t before = side->taken.count;
	struct gpt_args args;

	gpt_op_args(script, op, &args);
	side->outcome = (struct gpt_outcome){ .entry = GPT_IS_NUMBER };
	side->gets = 0;
	side->fail = op->fail;
	side->outcome.result = do_one(side, op, &args);
	side->fail = 0;
	read_entry(side, op, &side->outcome);
	if (op->kind != GPT_OP_PUT)
		side->outcome.taken = side->taken.count - before;
	if (side->out != side->gpt.tables + side->taken.count)
		return "table pages are lost, or counted wrongly";
	return NULL;
}

static bool same_leaf(const struct vmm_gpt_leaf *a, const struct vmm_gpt_leaf *b)
{
	return a->pfn == b->pfn && a->prot == b->prot && a->type == b->type &&
	       a->level == b->level && a->accessed == b->accessed && a->dirty == b->dirty;
}

static const char *differ(const struct gpt_outcome *a, const struct gpt_outcome *b)
{
	if (a->result.error != b->result.error)
		return "the two have different errors";
	if (a->result.flush != b->result.flush)
		return "the two ask for different flushes";
	if (a->result.level != b->result.level)
		return "the two have different levels";
	if (a->result.changed != b->result.changed)
		return "one did it, one not";
	if (a->result.entry != b->result.entry || a->entry != b->entry)
		return "the two have different entries";
	if (a->entry == GPT_IS_LEAF && !same_leaf(&a->leaf, &b->leaf))
		return "the two have different leaves";
	if (a->told != b->told || a->told_hash != b->told_hash)
		return "the two tell of different leaves";
	return a->taken == b->taken ? NULL : "the two take out different numbers of tables";
}

const char *gpt_pair_do(struct gpt_pair *pair, const struct gpt_script *script,
			const struct gpt_op *op)
{
	const char *error = do_side(&pair->side[0], script, op);

	if (!error)
		error = do_side(&pair->side[1], script, op);
	return error ? error : differ(&pair->side[0].outcome, &pair->side[1].outcome);
}

static bool same_extent(const struct vmm_gpt_extent *a, const struct vmm_gpt_extent *b)
{
	return a->start == b->start && a->end == b->end && a->kind == b->kind && a->gpa == b->gpa &&
	       (a->kind != VMM_GPT_MAPPED || same_leaf(&a->leaf, &b->leaf));
}

const char *gpt_pair_compare(const struct gpt_pair *pair)
{
	const struct vmm_gpt *a = &pair->side[0].gpt, *b = &pair->side[1].gpt;
	struct vmm_gpt_extent x, y;

	if (vmm_gpt_check(a, NULL, NULL) || vmm_gpt_check(b, NULL, NULL))
		return "a table does not agree with itself";
	if (a->tables != b->tables)
		return "the two have different numbers of tables";
	for (uint64_t gpa = 0; gpa < VMM_GPT_GPA_END; gpa = x.end)
		if (!vmm_gpt_next(a, gpa, VMM_GPT_GPA_END, &x) ||
		    !vmm_gpt_next(b, gpa, VMM_GPT_GPA_END, &y) || !same_extent(&x, &y) ||
		    x.end <= gpa)
			return "the two have different contents";
	return NULL;
}
