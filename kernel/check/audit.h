/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Consistency of the tree, the pages that hardware walks, the allocations, and the regions.
 * For a guest that is not running.
 */
#ifndef KERNEL_CHECK_AUDIT_H
#define KERNEL_CHECK_AUDIT_H

#include "kernel/lib/log.h"
#include "kernel/lib/must_check.h"
#include "kernel/vm/aspace.h"

/* Receives each error, in words. */
typedef void audit_wrong_fn(const char *fmt, ...) LOG_FORMAT(1, 2);

/* Pages in use before a guest is created: none, unless an earlier guest leaked. */
struct audit_base {
	uint64_t guest, tables; /* pages */
	audit_wrong_fn *wrong;
};
struct audit_base audit_begin(audit_wrong_fn *wrong);

/* Adds the pages of another guest that exists at the same time. */
void audit_add_guest(struct audit_base *base, const struct aspace *as);

/*
 * Before the guest's memory is taken down. Checks each entry, node and count of the table; that
 * each leaf is in a region, has no more rights than it, and maps a block of its own and of its
 * size that was allocated for it; and that all table pages and blocks in use are in this table
 * or retired. Reports each error; true: none.
 */
MUST_CHECK bool audit_aspace(struct aspace *as, const struct audit_base *base);

/* After the guest is gone: no page of it is in use, and the allocator is consistent. */
MUST_CHECK bool audit_nothing_left(const struct audit_base *base);

#endif
