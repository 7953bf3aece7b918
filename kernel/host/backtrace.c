/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C code keeps frame pointers: RBP points to the caller's saved RBP, with the return
 * address above it, and the chain ends with 0. Each pointer is checked before it is
 * followed: RBP may still be a guest's.
 *
 * A leaf function has no frame. Its caller is found by searching the stack for a return
 * address that follows a call of this very function.
 */
#include "kernel/host/backtrace.h"

#include "kernel/host/stack.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"

/* Generated from the linked kernel by boot/symbols.awk, sorted by address. */
struct symbol {
	uint64_t address;
	const char *name;
};

struct call {
	uint64_t rbp, rip;
};

enum { LINES_MAX = 32, CALLS_MAX = 4096 };
enum { CALL = 0xe8, CALL_LENGTH = 5 }; /* SDM vol. 2A, CALL rel32 */

extern const char text_start[], text_end[], rodata_end[];
extern const struct symbol symbols_start[];
extern const char symbols_end[];
extern const char trap_return[]; /* isr.asm: where trap_entry returns to */

/* Consecutive equal addresses, as in a recursion, become one line. */
struct lines {
	uint64_t address;
	unsigned times, printed;
	bool called;
};

static bool in_text(uint64_t address)
{
	return address >= (uintptr_t)text_start && address < (uintptr_t)text_end;
}

static const struct symbol *find(uint64_t address)
{
	const struct symbol *found = NULL;

	if (!in_text(address))
		return NULL;
	for (const struct symbol *s = symbols_start; (uintptr_t)s < (uintptr_t)symbols_end; s++)
		if (s->address <= address)
			found = s;
	return found;
}

/* Look up a return address minus 1: after a final call it belongs to the next function. */
static void put_line(struct lines *l)
{
	const struct symbol *s = find(l->address - l->called);
	char times[24] = "";

	if (!l->times || l->printed++ >= LINES_MAX)
		return;
	if (l->times > 1)
		format(times, sizeof(times), ", %u times", l->times);
	if (s)
		note("  0x%016lx %s+0x%lx%s", (unsigned long)l->address, s->name,
		     (unsigned long)(l->address - s->address), times);
	else
		note("  0x%016lx (not in the host's text)%s", (unsigned long)l->address, times);
}

static void add(struct lines *l, uint64_t address, bool called)
{
	if (l->times && l->address == address && l->called == called) {
		l->times++;
		return;
	}
	put_line(l);
	l->address = address;
	l->called = called;
	l->times = 1;
}

/* The stack that contains all of [at, at + size) above its guard; NULL: none, or misaligned. */
static const struct guarded_stack *stack_of(uint64_t at, uint64_t size)
{
	const struct guarded_stack *s = stack_at(at);
	uint64_t inside = at - (uintptr_t)s;

	return s && at % 8 == 0 && inside >= PAGE_SIZE && inside + size <= sizeof(*s) ? s : NULL;
}

/* May the chain go from one frame to the next? Only upwards, or to another stack. The caller
 * bounds loops between stacks. */
static bool goes_on(uint64_t from, uint64_t to)
{
	const struct guarded_stack *stack = stack_of(to, sizeof(struct call));

	return stack && (to > from || stack != stack_of(from, sizeof(struct call)));
}

/* If rbp is trap_entry's frame, returns the frame of what was interrupted; otherwise NULL. */
static const struct trap_frame *interrupted(uint64_t rbp)
{
	const struct call *call = (const struct call *)rbp;

	if (call->rip != (uintptr_t)trap_return ||
	    !stack_of(rbp, sizeof(*call) + sizeof(struct trap_frame)))
		return NULL;
	return (const struct trap_frame *)(call + 1);
}

/* The return address of the function interrupted at f, if it has no frame; 0: not found. */
static uint64_t leaf_caller(const struct trap_frame *f)
{
	const struct symbol *s = find(f->rip);

	/* A call to an address outside the text has pushed only its return address. */
	if (!s)
		return stack_of(f->rsp, 8) ? *(const uint64_t *)f->rsp : 0;
	for (uint64_t at = f->rsp; at < f->r[TRAP_RBP] && stack_of(at, 8); at += 8) {
		uint64_t to = *(const uint64_t *)at;
		int32_t relative;

		if (!in_text(to) || !in_text(to - CALL_LENGTH))
			continue;
		memcpy(&relative, (const char *)to - 4, 4);
		if (*((const uint8_t *)to - CALL_LENGTH) == CALL &&
		    to + (uint64_t)relative == s->address)
			return to;
	}
	return 0;
}

void backtrace(const struct trap_frame *f, bool called)
{
	uint64_t rbp = f->r[TRAP_RBP], next, caller;
	struct lines l = { 0 };

	note("backtrace:");
	add(&l, f->rip, called);
	if (!called && (caller = leaf_caller(f)))
		add(&l, caller, true);
	if (!stack_of(rbp, sizeof(struct call)))
		rbp = 0;
	for (unsigned n = 0; rbp && n < CALLS_MAX; n++) {
		const struct trap_frame *t = interrupted(rbp);

		add(&l, ((const struct call *)rbp)->rip, true);
		if (t)
			add(&l, t->rip, false);
		next = t ? t->r[TRAP_RBP] : ((const struct call *)rbp)->rbp;
		rbp = goes_on(rbp, next) ? next : 0;
	}
	put_line(&l);
	if (l.printed > LINES_MAX)
		note("  and %u more", l.printed - LINES_MAX);
}

bool is_stack_guard(uint64_t address)
{
	const struct guarded_stack *s = stack_at(address);

	return s && address - (uintptr_t)s < PAGE_SIZE;
}

const char *what_is_at(uint64_t address)
{
	if (address < PAGE_SIZE)
		return "null pointer";
	if (is_stack_guard(address))
		return "guard page of a stack";
	if (in_text(address))
		return "the host's text";
	if (address >= (uintptr_t)text_end && address < (uintptr_t)rodata_end)
		return "the host's constants";
	return NULL;
}
