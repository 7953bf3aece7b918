/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "gpt/format.h"
#include "test/unit/interleave/spec.h"

#define ALLOWED 4096u
#define STEPS	64u

/* How far an operation is. */
struct progress {
	uint64_t at; /* as far as it has come in its range */
	unsigned stage;
	bool done;
	bool retried;
};

static struct outcome allowed[ALLOWED];
static unsigned allowed_count;

/* The entry that gpa is at, as it is, and its level. */
static uint64_t entry_at(uint64_t gpa, unsigned *level)
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];
	unsigned found = vmm_gpt_walk(&live.gpt, gpa, entries, VMM_GPT_LEVELS);

	*level = VMM_GPT_LEVELS + 1 - found;
	return *entries[found - 1];
}

static uint64_t entry_end(uint64_t gpa, unsigned level)
{
	uint64_t size = PAGE << (level - 1) * VMM_GPT_INDEX_BITS;

	return (gpa & ~(size - 1)) + size;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The operation, on a part of its range. */
static void do_part(const struct op *op, uint64_t start, uint64_t end, struct report *report)
{
	struct op part = *op;

	part.first = (uint8_t)(start / PAGE);
	part.pages = (uint8_t)((end - start) / PAGE);
	op_once(&part, report);
}

/* Splits what is at an edge of the range, one level: if it is a leaf, or empty is set. */
static bool cut_edge(uint64_t edge, bool empty, struct report *report)
{
	unsigned level;
	uint64_t pte;

	if (edge >= VMM_GPT_GPA_END)
		return false;
	pte = entry_at(edge, &level);
	if (!(edge & ((PAGE << (level - 1)) - 1)) || pte == VMM_GPT_VACANT || (!pte && !empty))
		return false;

	struct vmm_gpt_result r = vmm_gpt_split(&live.gpt, edge, level - 1);

	report->result.changed = true;
	if (r.flush > report->result.flush)
		report->result.flush = r.flush;
	return true;
}

/* Entry by entry; populate the same, by what is missing. */
static void step_sweep(const struct op *op, struct progress *p, struct report *report)
{
	unsigned level;
	uint64_t end;

	if (op->kind != OP_NEXT && op->kind != OP_COLLECT && op->kind != OP_POPULATE &&
	    (cut_edge(op_start(op), false, report) || cut_edge(op_end(op), false, report)))
		return;
	/* Refused as a whole, before anything. */
	if (p->stage == 0 && op->kind == OP_PROTECT) {
		struct image image;
		struct report probe = { 0 };

		world_save(&image);
		op_once(op, &probe);
		world_load(&image);
		p->stage = 1;
		p->done = probe.result.error;
		if (p->done)
			report->result = probe.result;
		return;
	}
	entry_at(p->at, &level);
	end = min(entry_end(p->at, level), op_end(op));
	do_part(op, p->at, end, report);
	p->at = end;
	p->done = report->result.error || end == op_end(op);
}

static void step_split(const struct op *op, struct progress *p, struct report *report)
{
	struct op one = *op;
	unsigned level;

	entry_at(op_start(op), &level);
	if (level - 1 > op->level)
		one.level = (uint8_t)(level - 1);
	op_once(&one, report);
	p->done = report->result.error || one.level == op->level;
}

/* What all of it would answer now. */
static struct report probe(const struct op *op)
{
	static struct image image;
	struct report report = { 0 };

	world_save(&image);
	op_once(op, &report);
	world_load(&image);
	return report;
}

enum { VACATE_LOOK, VACATE_CUT, VACATE_TAKE };

/* False: this order is none, since something came in that cannot. */
static bool step_vacate(const struct op *op, struct progress *p, struct report *report)
{
	unsigned level;
	uint64_t end;

	if (p->stage == VACATE_CUT &&
	    (cut_edge(op_start(op), true, report) || cut_edge(op_end(op), true, report)))
		return true;
	if (p->stage != VACATE_TAKE) {
		struct vmm_gpt_result r = probe(op).result;

		p->stage = p->stage == VACATE_LOOK ? VACATE_CUT : VACATE_TAKE;
		if (r.error) {
			r.changed |= report->result.changed;
			r.flush = report->result.flush;
			report->result = r;
			p->done = true;
		}
		return true;
	}
	entry_at(p->at, &level);
	end = min(entry_end(p->at, level), op_end(op));
	do_part(op, p->at, end, report);
	p->at = end;
	p->done = end == op_end(op);
	return !report->result.error;
}

/* Makes one of the empty entries below gpa's entry of this level, bottom up; true: one step. */
static bool collapse(uint64_t gpa, unsigned level, struct report *report)
{
	unsigned found;
	struct vmm_gpt_result r;

	entry_at(gpa, &found);
	if (found >= level)
		return false;
	for (uint64_t at = gpa; level > 2 && at < entry_end(gpa, level); at = entry_end(at, 2)) {
		uint64_t pte = entry_at(at, &found);

		if (pte || found < 2)
			return found < 2 && collapse(at, 2, report);
	}
	for (uint64_t at = gpa; at < entry_end(gpa, level); at += PAGE)
		if (entry_at(at, &found) || found != level - 1)
			return false;
	r = vmm_gpt_merge(&live.gpt, gpa, level, &live.taken);
	report->result.changed |= r.changed;
	if (r.flush > report->result.flush)
		report->result.flush = r.flush;
	return r.changed;
}

static void step_map_region(const struct op *op, struct progress *p, struct report *report)
{
	unsigned level, fit = 1;
	uint64_t end, pte;

	if (!p->stage) {
		struct vmm_gpt_result r = probe(op).result;

		p->stage = 1;
		p->done = r.error;
		if (r.error)
			report->result = r;
		return;
	}
	/* The largest leaf that it could be from here on. */
	for (unsigned l = 2; l <= op->level; l++) {
		uint64_t size = PAGE << (l - 1);

		if (!(p->at & (size - 1)) && p->at + size <= op_end(op) &&
		    !((op->run + p->at / PAGE) & (size / PAGE - 1)))
			fit = l;
	}
	/* Room for it, from the largest down, each looked at once. */
	if (op->on && p->stage < fit) {
		if (!collapse(p->at, fit + 1 - p->stage, report))
			p->stage++;
		return;
	}
	pte = entry_at(p->at, &level);
	if (!pte && level > fit) {
		vmm_gpt_split(&live.gpt, p->at, level - 1);
		report->result.changed = true;
		return;
	}
	end = min(entry_end(p->at, level), op_end(op));
	do_part(op, p->at, end, report);
	p->at = end;
	p->stage = 1;
	p->done = report->result.error || end == op_end(op);
}

static bool step(const struct op *op, struct progress *p, struct report *report)
{
	switch (op->kind) {
	case OP_UNMAP_REGION:
	case OP_PROTECT:
	case OP_COLLECT:
	case OP_NEXT:
	case OP_POPULATE:
		step_sweep(op, p, report);
		return true;
	case OP_VACATE:
		return step_vacate(op, p, report);
	case OP_SPLIT:
		step_split(op, p, report);
		return true;
	case OP_MAP_REGION:
		step_map_region(op, p, report);
		return true;
	default:
		op_once(op, report);
		p->done = true;
		return true;
	}
}

void outcome_now(struct outcome *outcome)
{
	for (unsigned page = 0; page < PAGES; page++)
		outcome->pages[page] = seen_now(page);
	memcpy(outcome->reports, live.reports, sizeof(live.reports));
}

bool spec_allows(const struct outcome *outcome)
{
	for (unsigned i = 0; i < allowed_count; i++)
		if (!memcmp(&allowed[i], outcome, sizeof(*outcome)))
			return true;
	return false;
}

unsigned spec_count(void)
{
	return allowed_count;
}

const struct outcome *spec_nth(unsigned n)
{
	return &allowed[n];
}

static void allow(const struct op *const ops[], unsigned count)
{
	struct outcome outcome;

	for (unsigned i = 0; i < count; i++)
		report_clean(ops[i], &live.reports[i]);
	outcome_now(&outcome);
	if (spec_allows(&outcome))
		return;
	if (allowed_count == ALLOWED)
		broken("more outcomes than there is room for");
	else
		allowed[allowed_count++] = outcome;
}

/* Half-way, it may meet what is being taken out, and begin again. */
static bool may_begin_again(const struct op *const ops[], unsigned count, unsigned self,
			    const struct progress *now)
{
	enum op_kind kind = ops[self]->kind;

	if (kind != OP_UNMAP_REGION && kind != OP_PROTECT && kind != OP_COLLECT)
		return false;
	if (now[self].retried || now[self].at == op_start(ops[self]))
		return false;
	for (unsigned i = 0; i < count; i++)
		if (i != self && !now[i].done &&
		    (ops[i]->kind == OP_MERGE || ops[i]->kind == OP_MAP_REGION))
			return true;
	return false;
}

static void orders(const struct op *const ops[], unsigned count, const struct progress *now,
		   unsigned steps)
{
	struct image image;
	bool all_done = true;

	if (steps > STEPS) {
		broken("the test's own steps come to no end");
		return;
	}
	for (unsigned i = 0; i < count && !world_broken; i++) {
		struct progress next[OPS];

		if (now[i].done)
			continue;
		all_done = false;
		world_save(&image);
		memcpy(next, now, sizeof(next));
		if (step(ops[i], &next[i], &live.reports[i]))
			orders(ops, count, next, steps + 1);
		world_load(&image);
		if (!may_begin_again(ops, count, i, now))
			continue;
		memcpy(next, now, sizeof(next));
		next[i].at = op_start(ops[i]);
		next[i].retried = true;
		orders(ops, count, next, steps + 1);
	}
	if (all_done)
		allow(ops, count);
}

void spec_allow(const struct op *const ops[], unsigned count)
{
	struct progress now[OPS] = { 0 };
	struct image image;

	allowed_count = 0;
	for (unsigned i = 0; i < count; i++)
		now[i].at = op_start(ops[i]);
	world_save(&image);
	orders(ops, count, now, 0);
	world_load(&image);
}
