/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may come of operations that run beside each other: that of some order of
 * them. What an order is of, exactly:
 *
 * map, unmap, reset_*, look (lookup and is_mapped), walk, merge, and a CPU's access
 * are each one step. Region operations, and next over a range, are not one step as
 * a whole, but a step for each entry, in the order of addresses:
 *
 *	unmap_region, protect, collect, next	entry by entry. Where a large leaf
 *		sticks out, it is split before, a step for each level and edge
 *	populate	by the largest part that is missing as a whole
 *	split		level by level
 *	vacate		looks at the whole range (one step); splits what sticks out;
 *			looks again, and from then on nothing comes in (one step);
 *			then takes out entry by entry
 *	map_region	looks at the whole range (one step); then entry by entry:
 *			splits an empty one that is too large, makes one of empty ones,
 *			maps. A conflict that comes between ends it there
 *
 * The steps are made by gpt/ itself, with nobody beside it: that they are right
 * alone is for other tests. RETRY is not an answer: the operation is repeated, and
 * what it did and told before is part of it; so beside merge and map_region a
 * region operation may begin again half-way.
 *
 * Compared are: what every page is, with level, A and D, and every answer.
 */
#ifndef TEST_UNIT_INTERLEAVE_SPEC_H
#define TEST_UNIT_INTERLEAVE_SPEC_H

#include "test/unit/interleave/ops.h"

struct outcome {
	seen_t pages[PAGES];
	struct report reports[OPS];
};

/* What came of it. */
void outcome_now(struct outcome *outcome);

/* All that may come of these operations, from the live world on, which is left as it was. */
void spec_allow(const struct op *const ops[], unsigned count);

bool spec_allows(const struct outcome *outcome);

/* How many that are. */
unsigned spec_count(void);
const struct outcome *spec_nth(unsigned n);

#endif
