/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allowed outcomes of concurrent operations: those of any sequential order of their
 * steps. The steps are:
 *
 * map, unmap, reset_*, look (lookup and is_mapped), walk, merge, and a CPU's access
 * are one step each. A region operation, and next over a range, is not one step as a
 * whole, but one step for each entry, in the order of addresses:
 *
 *	unmap_region, protect, collect, next	entry by entry. A large leaf that is only
 *		partly in the range is split before, a step for each level and edge
 *	populate	the largest missing part in each step
 *	split		level by level
 *	vacate		checks the whole range (one step); splits entries that are only
 *			partly in it; checks again and blocks new mappings (one step);
 *			then removes entry by entry
 *	map_region	checks the whole range (one step); then entry by entry: splits an
 *			empty entry that is too large, merges empty ones, maps. A new
 *			conflict in between ends it there
 *
 * gpt/ itself makes the steps, one at a time: other tests show that each step is correct
 * alone. RETRY is not a result: the operation is repeated, and what it did and reported
 * before counts. So concurrently with merge and map_region, a region operation may
 * restart half-way.
 *
 * Compared are the state of each page, with level, A and D, and each result.
 */
#ifndef TEST_UNIT_INTERLEAVE_SPEC_H
#define TEST_UNIT_INTERLEAVE_SPEC_H

#include "test/unit/interleave/ops.h"

struct outcome {
	seen_t pages[PAGES];
	struct report reports[OPS];
};

/* The outcome in the live world. */
void outcome_now(struct outcome *outcome);

/* Computes all allowed outcomes of these operations from the live world, which it restores. */
void spec_allow(const struct op *const ops[], unsigned count);

bool spec_allows(const struct outcome *outcome);

/* The number of allowed outcomes. */
unsigned spec_count(void);
const struct outcome *spec_nth(unsigned n);

#endif
