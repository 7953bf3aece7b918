/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations of a story: what they are called with, and what they answer. */
#ifndef TEST_UNIT_INTERLEAVE_OPS_H
#define TEST_UNIT_INTERLEAVE_OPS_H

#include "test/unit/interleave/cpu.h"

enum op_kind {
	OP_MAP,
	OP_MAP_AT, /* of what lookup gave */
	OP_UNMAP,
	OP_UNMAP_REGION,
	OP_PROTECT,
	OP_RESET_ACCESSED, /* by lookup, and so together */
	OP_RESET_DIRTY,
	OP_COLLECT, /* and clear */
	OP_LOOK,    /* lookup and is_mapped */
	OP_NEXT,    /* over the range */
	OP_WALK,
	OP_HARDWARE, /* an access by a CPU; on: a write */
	OP_VISIT,    /* a walk and a look, in the section of number .level */
	OP_POPULATE,
	OP_VACATE,
	OP_SPLIT,
	OP_MERGE,
	OP_MAP_REGION,
	OP_RECYCLE, /* vacate; or merge, at .level; what it takes out goes back at once */
};

struct op {
	enum op_kind kind;
	uint8_t first, pages; /* the range, or where */
	uint8_t level;
	uint8_t prot;
	bool on;      /* collect: clear; reset: set; hardware: a write; map_region: with taken */
	bool cuts;    /* may cut a large leaf: not beside what changes tables */
	uint16_t run; /* RUN_A, RUN_B: page n is mapped to this + n */
};

/* What waits for others calls this, again and again. */
extern void (*op_wait)(void);

/* Of what changes tables one runs at a time. */
bool op_is_exclusive(const struct op *op);

/* "unmap(0..4)" in buf. */
const char *op_name(const struct op *op, char *buf, size_t size);

static inline uint64_t op_start(const struct op *op)
{
	return op->first * PAGE;
}

static inline uint64_t op_end(const struct op *op)
{
	return (uint64_t)(op->first + op->pages) * PAGE;
}

/* Once, to its end or its RETRY; adds to *report what it told, and its result. */
void op_once(const struct op *op, struct report *report);

/* *to gets what *from says besides: parts of one operation make one result. */
void report_add(struct report *to, const struct vmm_gpt_result *from);

/* Takes out what is not part of the answer: where tables are, that an entry was frozen. */
void report_clean(const struct op *op, struct report *report);

/* All operations that the tests begin with, up to the one with .pages 0. */
extern const struct op all_ops[];

#endif
