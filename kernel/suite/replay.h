/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Derives the expected result from a guest's steps (guest.h): replays them on a plain set
 * of leaves, with no radix tree and no entry format, only the rules for what a fault
 * maps, by regions and sizes. So the expectations hold for leaves of every size.
 */
#ifndef KERNEL_SUITE_REPLAY_H
#define KERNEL_SUITE_REPLAY_H

#include "guest/guest.h"

/* The properties of the machine that affect leaves. */
struct replay_machine {
	unsigned max_level; /* struct aspace */
	bool small_exec;    /* leaves above 4 KiB are not executable */
	uint64_t blocks[4]; /* free blocks by level; level 1 is not limited */
	uint64_t pages;	    /* the limit for leaves and tables together; UINT64_MAX: none */
};

struct replay {
	struct aspace_counts counts;
	uint64_t leaves[4]; /* mapped at the end, by level */
	uint64_t end_gpa;   /* the gpa for which there was no memory; 0: none */
};

void replay_guest(const struct guest *guest, const struct replay_machine *machine,
		  struct replay *replay);

/* A leaf that is mapped at the end. */
struct replay_leaf {
	uint64_t gpa;
	uint64_t run; /* the block it is part of: only leaves of one block can be merged */
	uint8_t level;
	bool writable, executable;
	bool accessed, dirty;
	bool any_ad; /* A and D depend on the CPU: STEP_PDPTES */
};

/* A leaf of the last replay_guest; NULL: there is none. Valid until the next one. */
const struct replay_leaf *replay_leaf(uint64_t gpa, unsigned level);

#endif
