/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts of operations on two generic page tables, EPT and nPT. Both tables must
 * return the same results, have the same contents at every address, and be
 * consistent. A script is generated from a seed, or parsed from text.
 *
 * It runs in the kernel's self-test and in host tests, which check far more after
 * each operation.
 *
 * All addresses come from a list of edges. Ranges begin and end at edges. An operation
 * on one address names the page at an edge whose next edge is one page further. So
 * all pages between two edges are treated alike, and a model stores only one of them.
 */
#ifndef KERNEL_SUITE_GPT_SCRIPT_H
#define KERNEL_SUITE_GPT_SCRIPT_H

#include "gpt/vmm_gpt.h"

/* The edges from 0 to 2^48, then two that are out of range. */
#define GPT_EDGES 46
#define GPT_ATOMS (GPT_EDGES - 1) /* an atom is the range between two edges */
extern const uint64_t gpt_edges[GPT_EDGES + 2];

/* In the order of the letters in gpt_script_text.c. */
enum gpt_op_kind {
	GPT_OP_POPULATE,
	GPT_OP_VACATE,
	GPT_OP_SPLIT,
	GPT_OP_MERGE,
	GPT_OP_MAP,
	GPT_OP_MAP_AT,
	GPT_OP_MAP_REGION,
	GPT_OP_UNMAP,
	GPT_OP_UNMAP_REGION,
	GPT_OP_PROTECT,
	GPT_OP_RESET_ACCESSED,
	GPT_OP_RESET_DIRTY,
	GPT_OP_COLLECT,
	GPT_OP_ACCESS, /* sets A and D as the CPU does for a guest's access */
	GPT_OP_PUT,    /* frees the retired tables */
	GPT_OP_KINDS,
};

enum {
	GPT_OFF_START = 1, /* the address is not page-aligned */
	GPT_OFF_END = 2,
	GPT_ON = 4,	  /* reset: sets; collect: clears */
	GPT_NO_TAKEN = 8, /* map_region: taken is NULL, so no table can be removed */
};

struct gpt_op {
	uint8_t kind;
	uint8_t a, b;  /* indices into gpt_edges */
	uint8_t level; /* or max_level; reset: the entry of a walk, 0: of a lookup */
	uint8_t prot;  /* collect: the bits; access: the kind */
	uint8_t type;
	uint8_t pfn; /* 0..7: see gpt_op_args */
	uint8_t flags;
	uint8_t fail; /* get_table fails from this call on, counted from 1; 0: never */
};

#define GPT_SCRIPT_MAX 128
#define GPT_SCRIPT_OPS 48 /* in generated scripts */

struct gpt_script {
	struct vmm_gpt_caps caps;
	uint16_t limit; /* the most table pages, including the root */
	uint16_t count;
	struct gpt_op ops[GPT_SCRIPT_MAX];
};

/* The arguments of an operation: gpas in bytes, and a pfn. */
struct gpt_args {
	uint64_t start, end, pfn;
};
void gpt_op_args(const struct gpt_script *script, const struct gpt_op *op, struct gpt_args *args);

/* The result of an operation, independent of the format. */
enum gpt_entry_kind { GPT_IS_NUMBER, GPT_IS_VACANT, GPT_IS_EMPTY, GPT_IS_LEAF, GPT_IS_OTHER };

struct gpt_outcome {
	struct vmm_gpt_result result; /* .entry: 0 unless it is a number */
	enum gpt_entry_kind entry;
	struct vmm_gpt_leaf leaf; /* for GPT_IS_LEAF */
	uint64_t told, told_hash; /* leaves reported by unmap_region and collect */
	uint64_t taken;		  /* tables retired */
};

/* Hashes are summed, so the order of leaves does not matter. */
uint64_t gpt_leaf_hash(uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* One of the two tables. Its hooks wrap the caller's: they count pages and inject failures. */
struct gpt_side {
	struct vmm_gpt gpt;
	struct vmm_gpt_retired taken;
	struct vmm_gpt_hooks hooks; /* the caller's */
	uint64_t out, limit, fail, gets;
	/* Sets A and D as the CPU does: A in each entry of the walk, A and D in the leaf. */
	void (*access)(struct gpt_side *side, uint64_t gpa, unsigned access);
	struct gpt_outcome outcome;
};

struct gpt_pair {
	struct gpt_side side[2];
};

/* These functions return NULL, or the error in words. hooks: one for each side. */
const char *gpt_pair_init(struct gpt_pair *pair, const struct gpt_script *script,
			  const struct vmm_gpt_hooks hooks[2]);
const char *gpt_pair_fini(struct gpt_pair *pair);

/* Does one operation on both sides. The results must agree, and no page may be lost. */
const char *gpt_pair_do(struct gpt_pair *pair, const struct gpt_script *script,
			const struct gpt_op *op);
/* Both tables must be consistent and have the same contents. */
const char *gpt_pair_compare(const struct gpt_pair *pair);

/* The number of table pages that this operation can get. */
uint64_t gpt_side_available(const struct gpt_side *side, const struct gpt_op *op);

/* The default .access, by vmm_gpt_walk. */
void gpt_side_access(struct gpt_side *side, uint64_t gpa, unsigned access);

/* Generates a script of count operations, at most GPT_SCRIPT_MAX. It depends only on seed
 * and count. */
void gpt_script_roll(struct gpt_script *script, uint64_t seed, unsigned count);

/* Makes a script for which fails() is true shorter and simpler; fails() stays true. */
typedef bool gpt_script_fails_fn(const struct gpt_script *script);
void gpt_script_shrink(struct gpt_script *script, gpt_script_fails_fn *fails);

/*
 * Scripts as text: words separated by commas, first "c", then one for each operation. A
 * word is a letter and hexadecimal numbers separated by dots, without trailing zeros.
 * gpt_script_parse: false on an error; *bad then points to the bad word.
 */
size_t gpt_script_print(char *text, size_t size, const struct gpt_script *script);
bool gpt_script_parse(struct gpt_script *script, const char *text, size_t length, const char **bad);
/* Describes one operation for a human reader. */
void gpt_op_describe(char *text, size_t size, const struct gpt_script *script,
		     const struct gpt_op *op);
const char *gpt_op_name(unsigned kind);
bool gpt_op_takes_range(unsigned kind);

#endif
