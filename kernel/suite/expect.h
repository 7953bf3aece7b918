/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares what was observed of a guest with what is expected; reports each difference. True:
 * there is none. */
#ifndef KERNEL_SUITE_EXPECT_H
#define KERNEL_SUITE_EXPECT_H

#include "kernel/suite/guest_run.h"
#include "kernel/suite/replay.h"

/* Compares counts, exits, leaves with A and D, output and end. Call it before the guest's
 * memory is freed. */
bool expect_compare(const struct guest_run *run, const struct replay_machine *machine);

/* For a vCPU of several, a copy, or a guest that wanders: compares its end. Except for vCPUs
 * other than 0, also the pages mapped and the output; of vCPU 0, the result of the steps. */
bool expect_compare_racing(const struct guest_run *run, const struct replay_machine *machine);

/* For a guest with an injected allocation failure: it must end by that, or use a smaller leaf. */
bool expect_compare_failed(const struct guest_run *run);

/* Compares only the end, as far as it is known before the steps are replayed. Reports a
 * difference, and sets run->end_differs so that it is not reported again. */
bool expect_end(struct guest_run *run);

void expect_describe_end(const struct vcpu_end *end, char *words, size_t size);

/* Reports two numbers if they differ. */
bool expect_same(const char *what, uint64_t expected, uint64_t seen);

#endif
