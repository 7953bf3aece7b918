/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has to come of a guest's steps (guest.h): they are done again on a plain set
 * of leaves, which knows neither a radix tree nor a format of entries, only what a
 * fault gets by regions and sizes. So expectations hold for leaves of every size.
 */
#ifndef KERNEL_SUITE_REPLAY_H
#define KERNEL_SUITE_REPLAY_H

#include "guest/guest.h"

/* The machine, as far as it decides about leaves. */
struct replay_machine {
	unsigned max_level; /* struct aspace */
	bool small_exec;    /* leaves above 4 KiB are not executable */
	uint64_t blocks[4]; /* by level: how many the allocator has; those of level 1 suffice */
	uint64_t pages;	    /* that may be taken in all, tables too; UINT64_MAX: any number */
};

struct replay {
	struct aspace_counts counts;
	uint64_t leaves[4]; /* by level: mapped in the end */
	uint64_t end_gpa;   /* where memory ran out; 0: it did not */
};

void replay_guest(const struct guest *guest, const struct replay_machine *machine,
		  struct replay *replay);

/* A leaf that is mapped in the end. */
struct replay_leaf {
	uint64_t gpa;
	uint64_t run; /* which block it is a part of: what was split can be merged again */
	uint8_t level;
	bool writable, executable;
	bool accessed, dirty;
	bool any_ad; /* some CPUs leave none */
};

/* Of the last replay_guest; NULL: no such leaf. */
const struct replay_leaf *replay_leaf(uint64_t gpa, unsigned level);

#endif
