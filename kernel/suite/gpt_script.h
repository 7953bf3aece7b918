/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scripts of operations on two generic page tables side by side, EPT and nPT:
 * both have to answer alike, to say the same of every address, and to agree with
 * themselves. A script is rolled from a number, or read from text.
 *
 * Pure: it runs in the kernel's self-test, and in host tests, which look at far
 * more after each operation.
 *
 * All addresses are edges: the ends of ranges lie there and nowhere else, and
 * what names one address names the page behind an edge whose next edge is one
 * page on. So all pages between two edges have the same fate, and a model needs
 * to remember one of them.
 */
#ifndef KERNEL_SUITE_GPT_SCRIPT_H
#define KERNEL_SUITE_GPT_SCRIPT_H

#include "gpt/vmm_gpt.h"

/* The edges from 0 to 2^48; behind them two that no range may have. */
#define GPT_EDGES 46
#define GPT_ATOMS (GPT_EDGES - 1) /* what is between two edges */
extern const uint64_t gpt_edges[GPT_EDGES + 2];

/* The order is that of the letters in gpt_script_text.c. */
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
	GPT_OP_ACCESS, /* what the CPU does when a guest touches memory */
	GPT_OP_PUT,    /* what was taken out is given back */
	GPT_OP_KINDS,
};

enum {
	GPT_OFF_START = 1, /* the address is not that of a page */
	GPT_OFF_END = 2,
	GPT_ON = 4,	  /* reset: sets; collect: clears */
	GPT_NO_TAKEN = 8, /* map_region: takes no tables out */
};

struct gpt_op {
	uint8_t kind;
	uint8_t a, b;  /* of gpt_edges */
	uint8_t level; /* or max_level; reset: from a walk; 0: from a lookup */
	uint8_t prot;  /* collect: which bits */
	uint8_t type;
	uint8_t pfn; /* 0..7: see gpt_op_args */
	uint8_t flags;
	uint8_t fail; /* get_table fails from this call on; 0: never */
};

#define GPT_SCRIPT_MAX 128
#define GPT_SCRIPT_OPS 48 /* in those that tests roll */

struct gpt_script {
	struct vmm_gpt_caps caps;
	uint16_t limit; /* of table pages, the root included */
	uint16_t count;
	struct gpt_op ops[GPT_SCRIPT_MAX];
};

/* What an operation is called with. */
struct gpt_args {
	uint64_t start, end, pfn;
};
void gpt_op_args(const struct gpt_script *script, const struct gpt_op *op, struct gpt_args *args);

/* What it did, without what the format spells in its own way. */
enum gpt_entry_kind { GPT_IS_NUMBER, GPT_IS_VACANT, GPT_IS_EMPTY, GPT_IS_LEAF, GPT_IS_OTHER };

struct gpt_outcome {
	struct vmm_gpt_result result; /* .entry: if it is a number, else 0 */
	enum gpt_entry_kind entry;
	struct vmm_gpt_leaf leaf; /* IS_LEAF */
	uint64_t told, told_hash; /* of unmap_region and collect */
	uint64_t taken;
};

/* To be added up: the order of leaves does not count. */
uint64_t gpt_leaf_hash(uint64_t gpa, const struct vmm_gpt_leaf *leaf);

/* One of the two tables, between vmm_gpt and the surroundings: counts, and fails. */
struct gpt_side {
	struct vmm_gpt gpt;
	struct vmm_gpt_retired taken;
	struct vmm_gpt_hooks hooks; /* the surroundings' */
	uint64_t out, limit, fail, gets;
	/* What the CPU does: sets A in all entries on its way, and A and D in the leaf. */
	void (*access)(struct gpt_side *side, uint64_t gpa, unsigned access);
	struct gpt_outcome outcome;
};

struct gpt_pair {
	struct gpt_side side[2];
};

/* NULL, or what is wrong, as of all that follow. hooks: one for each side. */
const char *gpt_pair_init(struct gpt_pair *pair, const struct gpt_script *script,
			  const struct vmm_gpt_hooks hooks[2]);
const char *gpt_pair_fini(struct gpt_pair *pair);

/* One operation on both. They answer alike, and no page is lost. */
const char *gpt_pair_do(struct gpt_pair *pair, const struct gpt_script *script,
			const struct gpt_op *op);
/* Both say the same of all addresses, and each agrees with itself. */
const char *gpt_pair_compare(const struct gpt_pair *pair);

/* How many page-table pages can be had at the start of this operation. */
uint64_t gpt_side_available(const struct gpt_side *side, const struct gpt_op *op);

/* Sets A and D as the CPU does, by way of vmm_gpt_walk: for .access. */
void gpt_side_access(struct gpt_side *side, uint64_t gpa, unsigned access);

/* A script of so many operations. The same for the same seed, everywhere. */
void gpt_script_roll(struct gpt_script *script, uint64_t seed, unsigned count);

/* Makes a script for which fails is true short and simple, as long as it is true. */
typedef bool gpt_script_fails_fn(const struct gpt_script *script);
void gpt_script_shrink(struct gpt_script *script, gpt_script_fails_fn *fails);

/*
 * As text: words apart by commas, first "c", then one for each operation. A word
 * is a letter and numbers in hexadecimal, apart by points; those that are 0 at the
 * end are left out. parse: false if it is none, *bad is the word then.
 */
size_t gpt_script_print(char *text, size_t size, const struct gpt_script *script);
bool gpt_script_parse(struct gpt_script *script, const char *text, size_t length, const char **bad);
/* One operation for a human reader. */
void gpt_op_describe(char *text, size_t size, const struct gpt_script *script,
		     const struct gpt_op *op);
const char *gpt_op_name(unsigned kind);
bool gpt_op_takes_range(unsigned kind);

#endif
