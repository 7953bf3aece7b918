/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explores all interleavings. Operations are coroutines that stop before each access to an
 * entry; a depth-first search chooses which one runs next. At each step it saves the whole
 * state (tables, nodes, reports, coroutine stacks), so backtracking is a copy. A state that
 * is reached in several ways is explored only once, but all schedules are counted.
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
 * Runs these operations in all interleavings, starting from the live world. Calls at_end in
 * each distinct final state; it returns whether the state is good. False: it is not, or the
 * world is broken, or an operation loops. Then *why is the reason, and *trail has the number
 * of the operation that made each step: '0', '1', ...
 */
bool sched_explore(const struct op *const ops[], unsigned count, bool (*at_end)(void *arg),
		   void *arg, struct sched_numbers *numbers, const char **why, const char **trail);

#endif
