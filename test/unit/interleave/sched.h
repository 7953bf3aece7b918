/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All interleavings: operations as coroutines that stop before each access to an
 * entry, and a depth-first search over who goes next. At each step all of it is
 * kept (tables, nodes, reports, and the coroutines' stacks), so that going back
 * is to copy; and where two ways lead to the very same state, it is gone on from
 * once. What is counted are the schedules, all the same.
 */
#ifndef TEST_UNIT_INTERLEAVE_SCHED_H
#define TEST_UNIT_INTERLEAVE_SCHED_H

#include "test/unit/interleave/ops.h"

struct sched_numbers {
	double schedules;
	uint64_t states;
	uint64_t accesses;
	uint64_t ends;
};

/*
 * Runs these operations from the live world on, in all interleavings; at_end is
 * called at the end of each that is different, and says whether it is good.
 * False: it is not, or something broke, or somebody went round in a circle: *why.
 * *trail then has who made each step: '0', '1', ...
 */
bool sched_explore(const struct op *const ops[], unsigned count, bool (*at_end)(void *arg),
		   void *arg, struct sched_numbers *numbers, const char **why, const char **trail);

#endif
