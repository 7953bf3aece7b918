/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables under test, one in each format, and the operations on them. */
#ifndef TEST_UNIT_EXHAUSTIVE_SIDE_H
#define TEST_UNIT_EXHAUSTIVE_SIDE_H

#include "gpt/format.h"
#include "test/unit/exhaustive/spec.h"

#define ARENA_PAGES 32u

/* Table pages. */
struct arena {
	_Alignas(4096) uint64_t page[ARENA_PAGES][512];
	struct vmm_gpt_node node[ARENA_PAGES];
	bool out[ARENA_PAGES];
	unsigned gets, fail_at; /* allocations fail from this call on; 0: never */
};

struct side {
	const struct vmm_gpt_format *format;
	struct arena arena;
	struct vmm_gpt gpt;
};

extern struct side sides[2];

/* The case under test, so that a failure can name it. */
struct now {
	const struct alphabet *alphabet;
	uint8_t cells[PAGES], wanted[PAGES];
	struct op op;
	const char *format;
	unsigned fail_at;
};

extern struct now now;

extern uint64_t transitions, failures_tried;

void give_up(const char *what, unsigned line);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			give_up(#condition, __LINE__);                                             \
	} while (0)

struct vmm_gpt_hooks arena_hooks(struct arena *arena);
/* The entry that represents these cells at page. */
uint64_t entry_of(const struct side *side, const uint8_t *cells, unsigned page);
/* Builds the tree that represents these cells. */
void build_all(struct side *side, const uint8_t *cells);
/* Checks each entry, node and count against these cells. */
void verify_all(const struct side *side, const uint8_t *cells);

bool same_leaf(const struct vmm_gpt_leaf *a, const struct vmm_gpt_leaf *b);
/* Runs the operation in the state now.cells; also with each of its allocations failing. */
void run_on(struct side *side, const struct op *op, const struct expected *expected);
/* Runs all read-only operations in the state now.cells. */
void look(struct side *side);

#endif
