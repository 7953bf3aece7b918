/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "gpt/format.h"
#include "test/unit/interleave/ops.h"

#define RW (VMM_GPT_READ | VMM_GPT_WRITE)
#define RX (VMM_GPT_READ | VMM_GPT_EXEC)

void (*op_wait)(void);

bool op_is_exclusive(const struct op *op)
{
	return op->cuts || op->kind >= OP_POPULATE;
}

static const char *const names[] = {
	[OP_MAP] = "map",
	[OP_MAP_AT] = "map_at",
	[OP_UNMAP] = "unmap",
	[OP_UNMAP_REGION] = "unmap_region",
	[OP_PROTECT] = "protect",
	[OP_RESET_ACCESSED] = "reset_accessed",
	[OP_RESET_DIRTY] = "reset_dirty",
	[OP_COLLECT] = "collect",
	[OP_LOOK] = "look",
	[OP_NEXT] = "next",
	[OP_WALK] = "walk",
	[OP_HARDWARE] = "hardware",
	[OP_VISIT] = "visit",
	[OP_POPULATE] = "populate",
	[OP_VACATE] = "vacate",
	[OP_SPLIT] = "split",
	[OP_MERGE] = "merge",
	[OP_MAP_REGION] = "map_region",
	[OP_RECYCLE] = "recycle",
};

const char *op_name(const struct op *op, char *buf, size_t size)
{
	snprintf(buf, size, "%s(%u..%u level %u run %x prot %u%s)", names[op->kind], op->first,
		 op->first + op->pages, op->level, op->run, op->prot, op->on ? " on" : "");
	return buf;
}

/* A leaf that was told of: of the same page told twice, A and D are one. */
static void tell(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	struct report *report = arg;
	unsigned first = (unsigned)(gpa / PAGE) & ~((1u << (leaf->level - 1)) - 1);

	for (unsigned page = first; page < first + (1u << (leaf->level - 1)); page++)
		report->told[page] |= seen_leaf(leaf, page);
}

static struct vmm_gpt_result reset(const struct op *op)
{
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&live.gpt, op_start(op), NULL);

	return op->kind == OP_RESET_DIRTY ? vmm_gpt_reset_dirty(&live.gpt, ptep, op->on) :
					    vmm_gpt_reset_accessed(&live.gpt, ptep, op->on);
}

static struct vmm_gpt_result map_at(const struct op *op)
{
	unsigned level;
	vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&live.gpt, op_start(op), &level);

	if (ptep && level != op->level)
		return (struct vmm_gpt_result){ .error = VMM_GPT_WRONG_SIZE,
						.level = (uint8_t)level };
	return vmm_gpt_map_at(&live.gpt, ptep, op->run + op->first, op->level, op->prot, TYPE);
}

/* What is_mapped says no of may have been split since lookup: look again. */
static void look(const struct op *op, struct report *report)
{
	const vmm_gpt_pte_t *ptep;
	struct vmm_gpt_leaf leaf;
	unsigned level = 0;

	do {
		ptep = vmm_gpt_lookup(&live.gpt, op_start(op), &level);
		if (vmm_gpt_is_mapped(&live.gpt, ptep, level, &leaf)) {
			report->told[op->first] = seen_leaf(&leaf, op->first);
			return;
		}
	} while (ptep && ptep != vmm_gpt_lookup(&live.gpt, op_start(op), NULL));
	report->told[op->first] = seen_kind(ptep ? SEEN_EMPTY : SEEN_HOLE, 0);
}

static void visit(const struct op *op)
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	unsigned found;

	vmm_gpt_read_lock(&live.gpt, &live.sections[op->level]);
	found = vmm_gpt_walk(&live.gpt, op_start(op), entries, VMM_GPT_LEVELS);
	for (unsigned i = found; i; i--)
		vmm_gpt_is_mapped(&live.gpt, entries[i - 1], VMM_GPT_LEVELS + 1 - i, NULL);
	vmm_gpt_read_unlock(&live.sections[op->level]);
}

static struct vmm_gpt_result recycle(const struct op *op)
{
	struct vmm_gpt_retired taken = { 0 };
	struct vmm_gpt_result r =
		op->level ? vmm_gpt_merge(&live.gpt, op_start(op), op->level, &taken) :
			    vmm_gpt_vacate_region(&live.gpt, op_start(op), op_end(op), &taken);
	uint64_t stamp = vmm_gpt_grace_start(&live.gpt);

	while (!vmm_gpt_grace_elapsed(&live.gpt, stamp) && op_wait)
		op_wait();
	vmm_gpt_free_retired(&live.gpt, &taken);
	return r;
}

static void next(const struct op *op, struct report *report)
{
	struct vmm_gpt_extent e;

	for (uint64_t gpa = op_start(op); vmm_gpt_next(&live.gpt, gpa, op_end(op), &e); gpa = e.end)
		for (unsigned page = (unsigned)(e.start / PAGE); page < e.end / PAGE; page++)
			report->told[page] = e.kind == VMM_GPT_MAPPED ? seen_leaf(&e.leaf, page) :
					     e.kind == VMM_GPT_EMPTY  ? seen_kind(SEEN_EMPTY, 0) :
									seen_kind(SEEN_HOLE, 0);
}

static struct vmm_gpt_result run(const struct op *op, struct report *report)
{
	struct vmm_gpt_result none = { .error = VMM_GPT_OK };
	struct vmm_gpt *gpt = &live.gpt;
	uint64_t start = op_start(op), end = op_end(op);
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];

	switch (op->kind) {
	case OP_MAP:
		return vmm_gpt_map(gpt, start, op->run + op->first, op->level, op->prot, TYPE);
	case OP_MAP_AT:
		return map_at(op);
	case OP_UNMAP:
		return vmm_gpt_unmap(gpt, start);
	case OP_UNMAP_REGION:
		return vmm_gpt_unmap_region(gpt, start, end, tell, report);
	case OP_PROTECT:
		return vmm_gpt_protect_region(gpt, start, end, op->prot);
	case OP_RESET_ACCESSED:
	case OP_RESET_DIRTY:
		return reset(op);
	case OP_COLLECT:
		return vmm_gpt_collect(gpt, start, end, VMM_GPT_ACCESSED | VMM_GPT_DIRTY, op->on,
				       tell, report);
	case OP_LOOK:
		look(op, report);
		return none;
	case OP_NEXT:
		next(op, report);
		return none;
	case OP_WALK:
		none.level = (uint8_t)vmm_gpt_walk(gpt, start, entries, VMM_GPT_LEVELS);
		return none;
	case OP_HARDWARE:
		report->told[op->first] = cpu_access(op->first, op->on);
		return none;
	case OP_VISIT:
		visit(op);
		return none;
	case OP_RECYCLE:
		return recycle(op);
	case OP_POPULATE:
		return vmm_gpt_populate_region(gpt, start, end, op->level);
	case OP_VACATE:
		return vmm_gpt_vacate_region(gpt, start, end, &live.taken);
	case OP_SPLIT:
		return vmm_gpt_split(gpt, start, op->level);
	case OP_MERGE:
		return vmm_gpt_merge(gpt, start, op->level, &live.taken);
	case OP_MAP_REGION:
		return vmm_gpt_map_region(gpt, start, end, op->run + op->first, op->prot, TYPE,
					  op->level, op->on ? &live.taken : NULL);
	}
	return none;
}

/* Whether .entry is a number, and that of parts adds up. */
static bool counts(const struct op *op)
{
	return op->kind == OP_UNMAP_REGION || op->kind == OP_PROTECT || op->kind == OP_COLLECT ||
	       op->kind == OP_POPULATE || op->kind == OP_SPLIT || op->kind == OP_MAP_REGION;
}

void op_once(const struct op *op, struct report *report)
{
	struct vmm_gpt_result r = run(op, report);

	if (counts(op) && r.error != VMM_GPT_CONFLICT && r.error != VMM_GPT_NOT_POPULATED)
		r.entry += report->result.entry;
	r.changed |= report->result.changed;
	if (r.flush < report->result.flush)
		r.flush = report->result.flush;
	report->result = r;
}

void report_clean(const struct op *op, struct report *report)
{
	struct vmm_gpt_result *r = &report->result;

	if (gpt_pte_is_frozen(r->entry))
		r->entry = gpt_pte_thaw(r->entry);
	/* The entry found may be a table's, or of any page in it. */
	if (r->error == VMM_GPT_WRONG_SIZE)
		r->entry = 0;
	/* There may be several reasons to refuse, and which is met first is open. */
	if (op->kind == OP_MERGE && r->error) {
		r->error = VMM_GPT_CONFLICT;
		r->level = 0;
		r->entry = 0;
	}
	/* How many leaves a run got, and of which a range consisted, may differ: what is mapped not. */
	if (op->kind == OP_MAP_REGION && !r->error)
		r->entry = 0;
}

#define P4 .prot = VMM_GPT_RWX

const struct op all_ops[] = {
	/* These run beside each other. */
	{ .kind = OP_MAP, .first = 0, .pages = 1, .level = 1, .run = RUN_A, P4 },
	{ .kind = OP_MAP, .first = 0, .pages = 1, .level = 1, .run = RUN_B, P4 },
	{ .kind = OP_MAP, .first = 1, .pages = 1, .level = 1, .run = RUN_A, P4 },
	{ .kind = OP_MAP, .first = 0, .pages = 2, .level = 2, .run = RUN_A, P4 },
	{ .kind = OP_MAP, .first = 0, .pages = 4, .level = 3, .run = RUN_A, P4 },
	{ .kind = OP_MAP_AT, .first = 0, .pages = 1, .level = 1, .run = RUN_A, P4 },
	{ .kind = OP_MAP_AT, .first = 0, .pages = 2, .level = 2, .run = RUN_A, P4 },
	{ .kind = OP_UNMAP, .first = 0, .pages = 1 },
	{ .kind = OP_UNMAP, .first = 1, .pages = 1 },
	{ .kind = OP_UNMAP_REGION, .first = 0, .pages = 4 },
	{ .kind = OP_PROTECT, .first = 0, .pages = 4, .prot = VMM_GPT_READ },
	{ .kind = OP_PROTECT, .first = 0, .pages = 4, .prot = RX },
	{ .kind = OP_RESET_ACCESSED, .first = 0, .pages = 1, .on = false },
	{ .kind = OP_RESET_ACCESSED, .first = 0, .pages = 1, .on = true },
	{ .kind = OP_RESET_DIRTY, .first = 0, .pages = 1, .on = false },
	{ .kind = OP_RESET_DIRTY, .first = 1, .pages = 1, .on = true },
	{ .kind = OP_COLLECT, .first = 0, .pages = 4, .on = true },
	{ .kind = OP_COLLECT, .first = 0, .pages = 1, .on = true },
	{ .kind = OP_LOOK, .first = 0, .pages = 1 },
	{ .kind = OP_LOOK, .first = 1, .pages = 1 },
	{ .kind = OP_NEXT, .first = 0, .pages = 4 },
	{ .kind = OP_WALK, .first = 0, .pages = 1 },
	{ .kind = OP_HARDWARE, .first = 0, .pages = 1, .on = false },
	{ .kind = OP_HARDWARE, .first = 0, .pages = 1, .on = true },
	{ .kind = OP_HARDWARE, .first = 1, .pages = 1, .on = true },
	/* Of these one at a time. */
	{ .kind = OP_POPULATE, .first = 0, .pages = 1, .level = 1 },
	{ .kind = OP_POPULATE, .first = 0, .pages = 4, .level = 1 },
	{ .kind = OP_POPULATE, .first = 0, .pages = 3, .level = 2 },
	{ .kind = OP_POPULATE, .first = 0, .pages = 4, .level = 3 },
	{ .kind = OP_VACATE, .first = 0, .pages = 1 },
	{ .kind = OP_VACATE, .first = 0, .pages = 2 },
	{ .kind = OP_VACATE, .first = 0, .pages = 4 },
	{ .kind = OP_VACATE, .first = 1, .pages = 2 },
	{ .kind = OP_SPLIT, .first = 0, .pages = 1, .level = 1 },
	{ .kind = OP_SPLIT, .first = 0, .pages = 1, .level = 2 },
	{ .kind = OP_MERGE, .first = 0, .pages = 1, .level = 2 },
	{ .kind = OP_MERGE, .first = 0, .pages = 1, .level = 3 },
	{ .kind = OP_MAP_REGION, .first = 0, .pages = 4, .level = 3, .run = RUN_A, .on = true, P4 },
	{ .kind = OP_MAP_REGION,
	  .first = 0,
	  .pages = 4,
	  .level = 2,
	  .run = RUN_A,
	  .on = false,
	  P4 },
	{ .kind = OP_MAP_REGION, .first = 1, .pages = 2, .level = 3, .run = RUN_A, .on = true, P4 },
	{ .kind = OP_MAP_REGION, .first = 0, .pages = 2, .level = 3, .run = RUN_B, .on = true, P4 },
	{ .kind = OP_UNMAP_REGION, .first = 0, .pages = 1, .cuts = true },
	{ .kind = OP_UNMAP_REGION, .first = 1, .pages = 2, .cuts = true },
	{ .kind = OP_PROTECT, .first = 0, .pages = 1, .prot = VMM_GPT_READ, .cuts = true },
	{ .kind = OP_PROTECT, .first = 1, .pages = 2, .prot = RX, .cuts = true },
	{ .pages = 0 },
};
