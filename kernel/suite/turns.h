/* SPDX-License-Identifier: BSD-2-Clause */
/* Who runs next, where there is a choice. */
#ifndef KERNEL_SUITE_TURNS_H
#define KERNEL_SUITE_TURNS_H

#include "kernel/suite/life.h"

/* Copies of a guest that took turns, or one that wandered. */
struct turns {
	uint64_t turns, slices;
	uint64_t switches; /* of copies: the CPU entered another root than the last time */
	uint64_t flushes;  /* made, by all CPUs that took part */
};

/* All of lives[n], on this CPU, until each is over. */
struct turns turns_take(struct life *lives, unsigned n, struct cpu *cpu);

/* This one, on all CPUs that there are in turn, beginning with the boot CPU, which asks. */
struct turns turns_wander(struct life *life);

#endif
