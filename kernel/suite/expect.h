/* SPDX-License-Identifier: BSD-2-Clause */
/* What was seen of a guest, against what has to be seen; says on the console what differs. */
#ifndef KERNEL_SUITE_EXPECT_H
#define KERNEL_SUITE_EXPECT_H

#include "kernel/suite/replay.h"
#include "kernel/suite/guest_run.h"

/* Counts, exits, leaves with A and D, output and end. Before the guest's memory goes. */
bool expect_compare(const struct guest_run *run, const struct replay_machine *machine);

/* The same for one of several vCPUs: its end, and if it is the first, what is mapped, and what
 * came of the steps, if there are any; and for one that takes turns. */
bool expect_compare_racing(const struct guest_run *run, const struct replay_machine *machine);

/* An allocation of it failed on purpose: that is how it has to end. */
bool expect_compare_failed(const struct guest_run *run);

/* Whether it ended as was planned, as far as that is known at once; says so if not. */
bool expect_end(struct guest_run *run);

void expect_describe_end(const struct vcpu_end *end, char *words, size_t size);

/* Two numbers; a line if they differ. */
bool expect_same(const char *what, uint64_t expected, uint64_t seen);

#endif
