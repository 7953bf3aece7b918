/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares a script's operations with the specification; see gpt_world.h. */
#include "test/unit/gpt_world.h"

#include <stdio.h>
#include <string.h>

#include "test/unit/gpt_decode.h"
#include "test/unit/gpt_model.h"

enum { PAGE = 4096, ARENA_PAGES = 160 };

struct arena {
	uint8_t memory[ARENA_PAGES][PAGE] __attribute__((aligned(PAGE)));
	struct vmm_gpt_node nodes[ARENA_PAGES];
	bool is_out[ARENA_PAGES], is_taken[ARENA_PAGES];
	unsigned last;
	const char *error;
};

static struct world {
	struct arena arena[2];
	struct gpt_pair pair;
	struct model model;
	const struct gpt_script *script;
	struct gpt_tally *tally;
	uint64_t dice;
} world;

static struct vmm_gpt_node *get_table(void *ctx)
{
	struct arena *arena = ctx;
	unsigned pfn = arena->last;

	/* Round and round, so that a page that was given back stays poisoned for long. */
	do
		pfn = pfn % (ARENA_PAGES - 1) + 1;
	while (arena->is_out[pfn]);
	arena->last = pfn;
	arena->is_out[pfn] = true;
	memset(arena->memory[pfn], 0, PAGE);
	memset(&arena->nodes[pfn], 0xdb, sizeof(arena->nodes[pfn]));
	arena->nodes[pfn].pfn = pfn;
	return &arena->nodes[pfn];
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct arena *arena = ctx;

	if (node < arena->nodes + 1 || node >= arena->nodes + ARENA_PAGES ||
	    node->pfn != (uint64_t)(node - arena->nodes) || !arena->is_out[node->pfn]) {
		arena->error = "a page was given back that was not out";
		return;
	}
	arena->is_out[node->pfn] = false;
	memset(arena->memory[node->pfn], 0xdb, PAGE);
	memset(node, 0xdb, sizeof(*node));
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	struct arena *arena = ctx;

	if (!pfn || pfn >= ARENA_PAGES || !arena->is_out[pfn]) {
		arena->error = "the node was asked for of a page that is not out";
		pfn = 0;
	}
	return &arena->nodes[pfn];
}

static struct cpu_model cpu_of(const struct gpt_side *side, const struct arena *arena)
{
	const struct vmm_gpt_caps *caps = &world.script->caps;
	bool npt = side == &world.pair.side[1] && !caps->exec_only;

	return (struct cpu_model){
		.memory = arena->memory[0],
		.root = vmm_gpt_get_pmtp(&side->gpt, true),
		.pat = VMM_GPT_PAT,
		.ept = !npt,
		.page_1g = caps->leaf_2m && caps->leaf_1g,
		.page_2m = caps->leaf_2m,
		.exec_only = caps->exec_only,
		.maxphyaddr = caps->maxphyaddr,
	};
}

static void hardware_access(struct gpt_side *side, uint64_t gpa, unsigned access)
{
	struct cpu_model cpu = cpu_of(side, &world.arena[side - world.pair.side]);

	if (gpa < VMM_GPT_GPA_END)
		cpu_access(&cpu, gpa, access);
}

static void visit(void *arg, uint64_t pfn)
{
	struct arena *arena = arg;

	if (pfn >= ARENA_PAGES || !arena->is_out[pfn])
		arena->error = "the CPU reaches a page that is not out";
	else if (arena->is_taken[pfn])
		arena->error = "the CPU reaches a page that was taken out";
}

/* What the CPU finds in all tables, and how many they are. */
static const char *compare_tables(const struct gpt_side *side, struct arena *arena)
{
	struct cpu_model cpu = cpu_of(side, arena);
	uint64_t tables, taken = 0;
	const char *error;

	memset(arena->is_taken, 0, sizeof(arena->is_taken));
	for (const struct vmm_gpt_node *n = side->taken.first; n; n = n->next, taken++)
		arena->is_taken[n->pfn] = true;
	error = cpu_walk_all(&cpu, &tables, visit, arena);
	if (error || arena->error)
		return error ? error : arena->error;
	if (taken != side->taken.count || taken != world.model.taken)
		return "model: another number of tables that were taken out";
	return tables == side->gpt.tables && tables == model_tables(&world.model) ?
		       NULL :
		       "model: another number of tables";
}

static const char *compare_page(const struct cpu_model *cpu, unsigned atom, uint64_t page)
{
	const struct atom *a = &world.model.atoms[atom];
	struct cpu_page found;
	enum cpu_finds finds =
		cpu_walk(cpu, gpt_edges[atom] + page * PAGE + (page * 8 & 0xfff), &found);

	if (finds == CPU_MISCONFIG)
		return found.why;
	if (finds != (a->mapped ? CPU_PAGE : CPU_NOTHING))
		return a->mapped ? "the CPU finds no page" : "the CPU finds a page";
	if (!a->mapped)
		return found.level == model_way(&world.model, atom) ?
			       NULL :
			       "the CPU's way ends at another level";
	world.tally->leaves[found.level]++;
	if (found.pfn != a->pfn + page)
		return "the CPU finds another page";
	if (found.prot != a->prot || found.type != a->type)
		return "the CPU finds other rights, or another type";
	if (found.level != a->level)
		return "the CPU finds another size";
	return found.accessed == a->accessed && found.dirty == a->dirty ?
		       NULL :
		       "the CPU finds other accessed and dirty bits";
}

static const char *compare_lookups(const struct vmm_gpt *gpt, unsigned atom)
{
	const struct atom *a = &world.model.atoms[atom];
	unsigned way = model_way(&world.model, atom), level = 0;
	uint64_t gpa = gpt_edges[atom];
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS], *two[2];
	const vmm_gpt_pte_t *ptep = vmm_gpt_lookup(gpt, gpa, &level);
	unsigned found = vmm_gpt_walk(gpt, gpa, entries, VMM_GPT_LEVELS);

	if (!!ptep != !!a->level || (ptep && level != a->level))
		return "model: another lookup";
	if (found != VMM_GPT_LEVELS + 1 - way || (ptep && ptep != entries[found - 1]))
		return "model: another walk";
	if (vmm_gpt_walk(gpt, gpa, two, 2) != (found < 2 ? found : 2) || two[0] != entries[0] ||
	    two[1] != entries[1])
		return "model: another short walk";
	if (vmm_gpt_is_mapped(gpt, ptep, level, NULL) != a->mapped)
		return "model: mapped, or not";
	for (unsigned l = 1; l <= VMM_GPT_LEVELS; l++) {
		const struct vmm_gpt_node *node = vmm_gpt_node_at(gpt, gpa, l);

		if (!!node != (way <= l) || (node && (node->level != l || gpa < node->gpa ||
						      gpa - node->gpa >= level_size(l) * 512)))
			return "model: another node";
	}
	return NULL;
}

/* What is so of all bytes from the beginning of an atom on. */
static unsigned kind_of(unsigned atom)
{
	const struct atom *a = &world.model.atoms[atom];

	return a->mapped ? VMM_GPT_MAPPED : a->level ? VMM_GPT_EMPTY : VMM_GPT_HOLE;
}

static const char *compare_extents(const struct vmm_gpt *gpt)
{
	struct vmm_gpt_extent e;
	unsigned atom = 0;

	for (uint64_t gpa = 0; gpa < VMM_GPT_GPA_END; gpa = e.end) {
		struct vmm_gpt_leaf leaf;
		unsigned behind;
		uint64_t begin;

		while (gpt_edges[atom + 1] <= gpa)
			atom++;
		if (!vmm_gpt_next(gpt, gpa, VMM_GPT_GPA_END, &e) || e.start != gpa ||
		    e.end <= gpa || e.kind != kind_of(atom))
			return "model: another extent";
		for (behind = atom; behind < GPT_ATOMS && kind_of(behind) == e.kind;)
			behind++;
		if (e.kind != VMM_GPT_MAPPED) {
			if (e.end != gpt_edges[behind])
				return "model: an extent with another end";
			continue;
		}
		leaf = model_leaf(&world.model, atom, &begin);
		while (begin + level_size(leaf.level) <= gpa) {
			begin += level_size(leaf.level);
			leaf.pfn += level_size(leaf.level) / PAGE;
		}
		if (e.gpa != begin || e.end != begin + level_size(leaf.level) ||
		    gpt_leaf_hash(begin, &leaf) != gpt_leaf_hash(e.gpa, &e.leaf))
			return "model: another leaf";
	}
	return NULL;
}

static const char *compare(void)
{
	const char *error = gpt_pair_compare(&world.pair);

	for (unsigned s = 0; s < 2 && !error; s++) {
		struct gpt_side *side = &world.pair.side[s];
		struct cpu_model cpu = cpu_of(side, &world.arena[s]);

		error = compare_tables(side, &world.arena[s]);
		for (unsigned i = 0; i < GPT_ATOMS && !error; i++) {
			uint64_t pages = atom_size(i) / PAGE;

			world.dice = world.dice * 6364136223846793005u + 1442695040888963407u;
			error = compare_page(&cpu, i, 0);
			if (!error)
				error = compare_page(&cpu, i, pages - 1);
			if (!error)
				error = compare_page(&cpu, i, (world.dice >> 20) % pages);
			if (!error)
				error = compare_lookups(&side->gpt, i);
		}
	}
	return error ? error : compare_extents(&world.pair.side[0].gpt);
}

static void count(const struct gpt_op *op, const struct gpt_outcome *outcome)
{
	const struct vmm_gpt_result *r = &outcome->result;
	struct gpt_tally *tally = world.tally;

	tally->operations++;
	tally->errors[op->kind][r->error]++;
	if (r->error)
		return;
	tally->flushes[op->kind][r->flush]++;
	++*(r->changed ? &tally->changed[op->kind] : &tally->did_nothing[op->kind]);
}

static void print(unsigned at, const struct gpt_op *op, const struct gpt_outcome *outcome)
{
	const struct vmm_gpt_result *r = &outcome->result;
	char text[160];

	gpt_op_describe(text, sizeof(text), world.script, op);
	printf("# %u: %s: %s, flush %u, level %u, %s, entry %lu (kind %u), told %lu, taken %lu\n",
	       at, text, vmm_gpt_error_name(r->error), r->flush, r->level,
	       r->changed ? "did it" : "did nothing", (unsigned long)r->entry, outcome->entry,
	       (unsigned long)outcome->told, (unsigned long)outcome->taken);
}

static const char *step(const struct gpt_op *op, bool log, unsigned at)
{
	uint64_t available = gpt_side_available(&world.pair.side[0], op);
	const struct gpt_outcome *outcome = &world.pair.side[0].outcome;
	struct expected expected;
	const char *error = gpt_pair_do(&world.pair, world.script, op);

	if (log)
		print(at, op, outcome);
	if (error)
		return error;
	count(op, outcome);
	model_do(&world.model, op, available, &expected);
	error = expected_differs(&expected, outcome);
	return error ? error : compare();
}

static const char *start(const struct gpt_script *script, struct gpt_tally *tally)
{
	struct vmm_gpt_hooks hooks[2];
	const char *error;

	world.script = script;
	world.tally = tally;
	world.dice = 1;
	tally->scripts++;
	for (unsigned s = 0; s < 2; s++) {
		struct arena *arena = &world.arena[s];

		memset(arena->is_out, 0, sizeof(arena->is_out));
		arena->last = s * 53;
		arena->error = NULL;
		hooks[s] = (struct vmm_gpt_hooks){
			.ctx = arena,
			.page_base = (uintptr_t)arena->memory,
			.get_table = get_table,
			.put_table = put_table,
			.node_of = node_of,
		};
	}
	error = gpt_pair_init(&world.pair, script, hooks);
	for (unsigned s = 0; s < 2; s++)
		world.pair.side[s].access = hardware_access;
	model_init(&world.model, script);
	return error;
}

const char *gpt_world_run(const struct gpt_script *script, struct gpt_tally *tally, bool log,
			  unsigned *at)
{
	const char *error = start(script, tally), *last;

	for (*at = 0; *at < script->count && !error; ++*at)
		error = step(&script->ops[*at], log, *at);
	if (error) {
		--*at;
		return error;
	}
	last = gpt_pair_fini(&world.pair);
	return last ? last : world.arena[0].error ? world.arena[0].error : world.arena[1].error;
}
