/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "test/unit/fake_pte.h"
#include "test/unit/interleave/sched.h"

#define STACK 16384u
#define KEPT  3072u	 /* of a stack, at most, at an access */
#define DEPTH 4096u	 /* steps of a schedule */
#define SLOTS (1u << 20) /* states of one story, at most half of that */

struct coroutine {
	const struct op *op;
	void *sp;
	bool done;
	bool waits; /* for a write of the others, since it was told to retry */
	bool alone; /* those were done when it began to try */
};

static struct coroutine co[OPS];
static uint8_t stacks[OPS][STACK] __attribute__((aligned(64)));
static unsigned co_count, current;
static bool running, wrote;
static void *main_sp;

/* Saves what a function must, and the stack pointer; goes on where the other did so. */
void co_switch(void **save, void *to);
__asm__(".text\n"
	"co_switch: push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n\t"
	"mov %rsp, (%rdi); mov %rsi, %rsp\n\t"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret");

static void leave(void)
{
	co_switch(&co[current].sp, main_sp);
}

static void before_access(enum fake_access access, const vmm_gpt_pte_t *ptep)
{
	uint64_t pfn;
	unsigned index;

	(void)access;
	leave();
	if (world_entry(ptep, &pfn, &index) && live.use[pfn] != TABLE_OUT)
		broken("an entry of a page was used that is no table any more");
}

static void after_write(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte)
{
	(void)ptep;
	wrote |= old != pte;
}

/* Whether those are done that another may have to wait for. */
static bool others_done(unsigned self)
{
	for (unsigned i = 0; i < co_count; i++)
		if (i != self && !co[i].done &&
		    (op_is_exclusive(co[i].op) || op_is_exclusive(co[self].op)))
			return false;
	return true;
}

/* Whether the contract lets op fail for what the others are at. */
static bool may_retry(unsigned self, bool fault)
{
	for (unsigned i = 0; i < co_count; i++) {
		enum op_kind other = co[i].op->kind;

		if (i == self)
			continue;
		if (other == OP_MERGE || (!fault && (other == OP_VACATE || other == OP_MAP_REGION)))
			return true;
	}
	return false;
}

/* Whether it has to be done again: RETRY, or a CPU's fault beside a merge. */
static bool again(const struct op *op, const struct report *report)
{
	uint8_t error = report->result.error;

	if (op->kind == OP_HARDWARE)
		return report->told[op->first] == SEEN_FAULT && may_retry(current, true);
	/* It was split between lookup and reset. */
	if ((op->kind == OP_RESET_ACCESSED || op->kind == OP_RESET_DIRTY) &&
	    error == VMM_GPT_WRONG_SIZE)
		return true;
	return error == VMM_GPT_RETRY;
}

static void wait_for_others(void)
{
	co[current].waits = !others_done(current);
	leave();
}

static void co_main(void)
{
	struct coroutine *self = &co[current];
	struct report *report = &live.reports[current];

	for (;;) {
		self->alone = others_done(current);
		op_once(self->op, report);
		if (!again(self->op, report) || (self->alone && self->op->kind == OP_HARDWARE))
			break;
		if (self->alone)
			broken("retry, with nobody else there");
		if (report->result.error == VMM_GPT_RETRY && !may_retry(current, false))
			broken("retry, beside what takes no table out");
		if (world_broken)
			break;
		wait_for_others();
	}
	report_clean(self->op, report);
	self->done = true;
	for (;;)
		leave();
}

/* One step of one of them: from before an access to before its next. */
static void resume(unsigned i)
{
	current = i;
	wrote = false;
	running = true;
	fake_race = before_access;
	fake_wrote = after_write;
	co_switch(&main_sp, co[i].sp);
	fake_race = NULL;
	fake_wrote = NULL;
	running = false;
	if (!wrote && !co[i].done)
		return;
	for (unsigned k = 0; k < co_count; k++)
		if (k != i)
			co[k].waits = false;
}

static void begin(unsigned i, const struct op *op)
{
	uint64_t *top = (uint64_t *)(void *)(stacks[i] + STACK);

	memset(stacks[i], 0, STACK);
	top[-2] = (uintptr_t)co_main; /* so that it begins as if it was called */
	co[i] = (struct coroutine){ .op = op, .sp = &top[-8] };
}

/* All of the state: what a step depends on. */
struct kept {
	struct image image;
	struct coroutine co[OPS];
	uint32_t used[OPS];
	uint8_t stacks[OPS][KEPT];
};

static size_t stack_used(unsigned i)
{
	return co[i].done ? 0 : (size_t)(stacks[i] + STACK - (uint8_t *)co[i].sp);
}

static void keep(struct kept *kept)
{
	world_save(&kept->image);
	memcpy(kept->co, co, sizeof(co));
	for (unsigned i = 0; i < co_count; i++) {
		kept->used[i] = (uint32_t)stack_used(i);
		if (kept->used[i] > KEPT)
			abort();
		memcpy(kept->stacks[i], stacks[i] + STACK - kept->used[i], kept->used[i]);
	}
}

static void restore(const struct kept *kept)
{
	world_load(&kept->image);
	memcpy(co, kept->co, sizeof(co));
	for (unsigned i = 0; i < co_count; i++)
		memcpy(stacks[i] + STACK - kept->used[i], kept->stacks[i], kept->used[i]);
}

static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *at = data;
	uint64_t word;

	for (; bytes >= 8; bytes -= 8, at += 8) {
		memcpy(&word, at, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* Two states with the same hash are taken for one: in 10^5 states, once in 10^9 stories. */
static uint64_t hash_of(const struct kept *kept)
{
	uint64_t hash = mix(1, &kept->image, sizeof(kept->image) & ~(size_t)7);

	for (unsigned i = 0; i < co_count; i++) {
		hash = mix(hash, kept->stacks[i], kept->used[i] & ~7u);
		hash = (hash ^ kept->used[i] ^ (uint64_t)kept->co[i].waits << 32 ^
			(uint64_t)kept->co[i].alone << 33 ^ (uint64_t)kept->co[i].done << 34) *
		       UINT64_C(0xff51afd7ed558ccd);
	}
	return hash ? hash : 1;
}

/* What is known of a state: how many schedules go on from it; open: one is going on now. */
struct memo {
	uint64_t hash;
	double schedules;
	uint32_t story;
	bool open;
};

static struct memo memos[SLOTS];
static uint32_t story;
static uint64_t states;

static struct memo *memo_of(uint64_t hash)
{
	struct memo *m = &memos[hash % SLOTS];

	while (m->story == story && m->hash != hash)
		m = m == &memos[SLOTS - 1] ? memos : m + 1;
	return m;
}

static struct kept *kept; /* by depth */
static char trail_of[DEPTH + 1];
static struct {
	bool (*at_end)(void *arg);
	void *arg;
	struct sched_numbers *numbers;
	const char *why;
} search;

static bool bad(const char *why)
{
	if (!search.why)
		search.why = why;
	return false;
}

static bool may_go(unsigned i)
{
	return !co[i].done && !co[i].waits;
}

/* The end of a schedule: one way on from here. */
static bool the_end(double *schedules)
{
	for (unsigned i = 0; i < co_count; i++)
		if (!co[i].done)
			return bad("each waits for the other");
	world_check();
	if (world_broken)
		return bad(world_broken);
	search.numbers->ends++;
	*schedules = 1;
	return search.at_end(search.arg) ? true : bad("no order of the operations answers so");
}

static bool explore(unsigned depth, double *schedules)
{
	unsigned ready = 0;
	struct memo *memo;

	*schedules = 0;
	trail_of[depth] = 0;
	if (world_broken)
		return bad(world_broken);
	for (unsigned i = 0; i < co_count; i++)
		ready += may_go(i);
	if (!ready)
		return the_end(schedules);
	if (depth == DEPTH)
		return bad("a schedule without end");
	keep(&kept[depth]);
	memo = memo_of(hash_of(&kept[depth]));
	if (memo->story == story) {
		*schedules = memo->schedules;
		return memo->open ? bad("somebody goes round in a circle, and nobody else has to") :
				    true;
	}
	if (++states > SLOTS / 2)
		return bad("more states than there is room for");
	*memo = (struct memo){ hash_of(&kept[depth]), 0, story, true };
	for (unsigned i = 0; i < co_count; i++) {
		double more;

		if (!may_go(i))
			continue;
		trail_of[depth] = (char)('0' + i);
		search.numbers->accesses++;
		resume(i);
		if (!explore(depth + 1, &more))
			return false;
		*schedules += more;
		restore(&kept[depth]);
	}
	memo->schedules = *schedules;
	memo->open = false;
	return true;
}

bool sched_explore(const struct op *const ops[], unsigned count, bool (*at_end)(void *arg),
		   void *arg, struct sched_numbers *numbers, const char **why, const char **trail)
{
	double schedules = 0;
	bool good;

	if (!kept)
		kept = calloc(DEPTH, sizeof(*kept));
	if (!kept)
		abort();
	search.at_end = at_end;
	search.arg = arg;
	search.numbers = numbers;
	search.why = NULL;
	story++;
	states = 0;
	co_count = count;
	op_wait = wait_for_others;
	for (unsigned i = 0; i < count; i++)
		begin(i, ops[i]);
	for (unsigned i = 0; i < count; i++)
		resume(i); /* to before its first access */
	good = explore(0, &schedules);
	op_wait = NULL;
	numbers->schedules += schedules;
	numbers->states += states;
	*why = search.why;
	*trail = trail_of;
	return good;
}
