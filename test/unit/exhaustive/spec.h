/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A naive specification of a page table with a very small geometry: an array of pages,
 * each with the size of the entry that populates it. The tables follow from that.
 *
 * A cell is a byte: 0: a hole; 1 to 3: empty, populated by an entry of that level; with
 * CELL_MAPPED: level - 1, A and D, and the leaf's number.
 */
#ifndef TEST_UNIT_EXHAUSTIVE_SPEC_H
#define TEST_UNIT_EXHAUSTIVE_SPEC_H

#include "gpt/vmm_gpt.h"

#define LEVELS VMM_GPT_LEVELS
#define PAGES  (1u << (VMM_GPT_LEVELS * VMM_GPT_INDEX_BITS))

#define CELL_MAPPED 0x80u
#define CELL_A	    0x10u
#define CELL_D	    0x08u

/* The leaves of an alphabet are all combinations of runs, rights and types. */
struct alphabet {
	const char *name;
	struct vmm_gpt_caps caps;
	unsigned runs, prots, types;
	uint64_t run[2]; /* page n of run r is pfn run[r] + n */
	uint8_t prot[3];
	uint8_t type[2];
	bool track_ad;	/* A and D are part of a state */
	unsigned depth; /* of the search; 0: until closure */
};

enum op_kind {
	OP_POPULATE,   /* from, to, level: max_level */
	OP_VACATE,     /* from, to */
	OP_SPLIT,      /* from, level */
	OP_MERGE,      /* from, level */
	OP_MAP,	       /* from, level, leaf */
	OP_MAP_AT,     /* the same, at the result of lookup */
	OP_MAP_REGION, /* from, to, level: max_level, leaf, flag: taken is not NULL */
	OP_UNMAP,      /* from */
	OP_UNMAP_REGION,
	OP_PROTECT, /* from, to, leaf: the rights */
	OP_COLLECT, /* from, to, leaf: bits, flag: clear */
	OP_RESET_A, /* from, flag: on */
	OP_RESET_D,
	OP_HARDWARE, /* from, flag: writes; sets A, and D */
	OP_KINDS
};

struct op {
	uint8_t kind, from, to, level, leaf, flag;
};

struct told {
	uint64_t gpa;
	struct vmm_gpt_leaf leaf;
};

enum entry_kind { ENTRY_ANY, ENTRY_NUMBER, ENTRY_PTE };

struct expected {
	enum vmm_gpt_error error;
	enum vmm_gpt_flush flush;
	unsigned level;
	bool changed;
	enum entry_kind entry_kind;
	/* ENTRY_NUMBER: the number. ENTRY_PTE: the cell of this page, before the operation
	 * or, with .after, after it. */
	unsigned number;
	unsigned page;
	bool after;
	unsigned gets;	/* tables added */
	unsigned taken; /* tables taken out */
	unsigned tells;
	struct told told[PAGES];
};

static inline unsigned cell_level(unsigned cell)
{
	return cell & CELL_MAPPED ? (cell >> 5 & 3) + 1 : cell;
}

static inline unsigned cell_leaf(unsigned cell)
{
	return cell & 7;
}

static inline unsigned cell_of(unsigned level, unsigned leaf)
{
	return CELL_MAPPED | (level - 1) << 5 | leaf;
}

/* The number of pages that an entry of this level covers; the first page of an entry. */
static inline unsigned span_of(unsigned level)
{
	return 1u << (level - 1) * VMM_GPT_INDEX_BITS;
}

static inline unsigned base_of(unsigned page, unsigned level)
{
	return page & ~(span_of(level) - 1);
}

/* Whether the entry of this level around page points to a table. */
bool spec_is_table(const uint8_t *cells, unsigned page, unsigned level);
/* The number of tables, including the root. */
unsigned spec_tables(const uint8_t *cells);
/* A mapped cell, decoded. */
struct vmm_gpt_leaf spec_leaf(const struct alphabet *alphabet, const uint8_t *cells, unsigned page);
bool spec_has_leaf(const struct alphabet *alphabet, unsigned level, unsigned prot);
unsigned spec_prot(const struct alphabet *alphabet, unsigned leaf);
uint64_t spec_run(const struct alphabet *alphabet, unsigned leaf);
unsigned spec_type(const struct alphabet *alphabet, unsigned leaf);

/* ---- Shared by spec.c and spec_leaf.c ---- */

void spec_fill(uint8_t *cells, unsigned page, unsigned level, unsigned cell);
bool spec_inside(unsigned page, unsigned level, const struct op *op);
bool spec_outside(unsigned page, unsigned level, const struct op *op);
/* The level of the entry at which a walk to a page ends. */
unsigned spec_entry_level(const uint8_t *cells, unsigned page);
/* Expects this error, with the entry of page. */
void spec_meet(struct expected *expected, enum vmm_gpt_error error, unsigned level, unsigned page);
/* Splits entries that are only partly in the range of op. True: leaves were split. */
bool spec_cut_all(const struct op *op, uint8_t *cells, bool empty, struct expected *expected);

void spec_do_map(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		 struct expected *expected);
void spec_do_map_region(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			struct expected *expected);
void spec_do_unmap(const struct op *op, uint8_t *cells, struct expected *expected);
void spec_do_unmap_region(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
			  struct expected *expected);
void spec_do_protect(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     struct expected *expected);
void spec_do_collect(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		     struct expected *expected);
void spec_do_reset(const struct op *op, uint8_t *cells, struct expected *expected);
void spec_do_hardware(const struct op *op, uint8_t *cells);

/* ---- */

/* Applies the operation to the cells, and fills in the expected result. */
void spec_apply(const struct alphabet *alphabet, const struct op *op, uint8_t *cells,
		struct expected *expected);

#endif
