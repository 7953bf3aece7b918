/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does all of it agree? The tree, the pages that hardware walks, what was
 * allocated, and what the guest was given. For a guest that does not run.
 */
#ifndef KERNEL_CHECK_AUDIT_H
#define KERNEL_CHECK_AUDIT_H

#include "kernel/vm/aspace.h"
#include "kernel/lib/log.h"

/* Hears what is wrong, each in words. */
typedef void audit_wrong_fn(const char *fmt, ...) LOG_FORMAT(1, 2);

/* What is in use before a guest is made: nothing, unless one before lost something. */
struct audit_base {
	uint64_t guest, tables; /* pages */
	audit_wrong_fn *wrong;
};
struct audit_base audit_begin(audit_wrong_fn *wrong);

/* What is in use for this other guest, that is there as well, goes in as well. */
void audit_beside(struct audit_base *base, const struct aspace *as);

/*
 * Before the guest's memory is taken down: each entry, node and count of the table;
 * each leaf in a region, with no more rights than that has, on a block of its own,
 * of its size, that was got for it; all table pages and blocks that are in use are
 * in this table, or in retired. Says what is wrong; true: nothing.
 */
bool audit_aspace(struct aspace *as, const struct audit_base *base);

/* Afterwards: nothing more is in use for a guest than before, and the allocator agrees with itself. */
bool audit_nothing_left(const struct audit_base *base);

#endif
