/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations that run concurrently: their arguments and their results. */
#ifndef TEST_UNIT_INTERLEAVE_OPS_H
#define TEST_UNIT_INTERLEAVE_OPS_H

#include "test/unit/interleave/cpu.h"

enum op_kind {
	OP_MAP,
	OP_MAP_AT, /* at the result of lookup */
	OP_UNMAP,
	OP_UNMAP_REGION,
	OP_PROTECT,
	OP_RESET_ACCESSED, /* at the result of lookup; both are one operation */
	OP_RESET_DIRTY,
	OP_COLLECT, /* and clears */
	OP_LOOK,    /* lookup and is_mapped */
	OP_NEXT,    /* over the range */
	OP_WALK,
	OP_HARDWARE, /* an access by a CPU; on: a write */
	OP_VISIT,    /* a walk and a look, in the read-side section of number .level */
	OP_POPULATE,
	OP_VACATE,
	OP_SPLIT,
	OP_MERGE,
	OP_MAP_REGION,
	OP_RECYCLE, /* vacate, or merge at .level; frees the retired tables at once */
};

struct op {
	enum op_kind kind;
	uint8_t first, pages; /* the range, or where */
	uint8_t level;
	uint8_t prot;
	bool on;      /* collect: clear; reset: set; hardware: a write; map_region: with taken */
	bool cuts;    /* may split a large leaf: not concurrently with changes of tables */
	uint16_t run; /* RUN_A, RUN_B: page n is mapped to this + n */
};

/* Called repeatedly by an operation that waits for another. */
extern void (*op_wait)(void);

/* Whether it changes tables: only one such operation runs at a time. */
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

/* Runs it once, to its end or to RETRY. Adds its result and what it reported to *report. */
void op_once(const struct op *op, struct report *report);

/* Merges *from into *to: the parts of one operation make one result. */
void report_add(struct report *to, const struct vmm_gpt_result *from);

/* Removes what is not part of the result: addresses of tables, and that an entry was frozen. */
void report_clean(const struct op *op, struct report *report);

/* All operations to test, up to the one with .pages 0. */
extern const struct op all_ops[];

#endif
