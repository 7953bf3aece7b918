/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events for a checker of the TLB discipline, in addition to accesses to second-level entries
 * (kernel/lib/gpt_pte.h): flushes, entries, exits, read sections and locks. Set observer to
 * attach it; without one, a hook costs a load and a branch.
 *
 * A tag distinguishes cached translations: the root itself (EPTP) under VMX, the ASID under
 * SVM. Hooks may run on several CPUs concurrently.
 */
#ifndef KERNEL_VM_OBSERVE_H
#define KERNEL_VM_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

struct observer {
	/* A root is in use from now on; or nothing can be reached through it any more. */
	void (*root_begins)(uint64_t root_pfn);
	void (*root_ends)(uint64_t root_pfn);

	/* Right before this CPU flushes what is cached for a tag; 0: for all tags. */
	void (*flush)(unsigned cpu, uint64_t tag);

	/* Right before this CPU enters the guest, and after it left. */
	void (*enter)(unsigned cpu, uint64_t tag, uint64_t root_pfn);
	void (*exit)(unsigned cpu);

	/* This CPU starts to walk this root's table in software, or takes its lock; 0: ends. */
	void (*walk)(unsigned cpu, uint64_t root_pfn);
	void (*hold)(unsigned cpu, uint64_t root_pfn);

	/* Changes made so far below this root count as complete and are relied upon. */
	void (*complete)(uint64_t root_pfn);
};

/* NULL: no observer. Set once, before the first guest. */
extern const struct observer *observer;

/* OBSERVE(flush, cpu, tag) and so on. */
#define OBSERVE(hook, ...)                               \
	do {                                             \
		if (__builtin_expect(observer != NULL, 0)) \
			observer->hook(__VA_ARGS__);     \
	} while (0)

#endif
