/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a checker of the TLB discipline gets to see, beside all accesses to second-level
 * entries (gpt_pte.h): every flush, entry and exit, section and lock. It is attached by
 * pointing observer to its functions; without one, a hook costs a load and a branch.
 *
 * A tag is what hardware tells cached translations apart by: the root itself (EPTP)
 * under VMX, an ASID under SVM. Hooks may run on several CPUs at once.
 */
#ifndef KERNEL_VM_OBSERVE_H
#define KERNEL_VM_OBSERVE_H

#include <stddef.h>
#include <stdint.h>

struct observer {
	/* A root is in use from here on; and goes: nothing can be reached by it any more. */
	void (*root_begins)(uint64_t root_pfn);
	void (*root_ends)(uint64_t root_pfn);

	/* Right before this CPU flushes what is cached for a tag, or (0) for all tags. */
	void (*flush)(unsigned cpu, uint64_t tag);

	/* Right before this CPU enters the guest; and after it has left it. */
	void (*enter)(unsigned cpu, uint64_t tag, uint64_t root_pfn);
	void (*exit)(unsigned cpu);

	/* This CPU walks this root's table in software, and has its lock; 0: no more. */
	void (*walk)(unsigned cpu, uint64_t root_pfn);
	void (*hold)(unsigned cpu, uint64_t root_pfn);

	/* What was changed so far below this root counts as done: somebody relies on it. */
	void (*complete)(uint64_t root_pfn);
};

/* NULL: nobody looks. Set once, before the first guest. */
extern const struct observer *observer;

/* OBSERVE(flush, cpu, tag) and so on. */
#define OBSERVE(hook, ...)                               \
	do {                                             \
		if (__builtin_expect(observer != NULL, 0)) \
			observer->hook(__VA_ARGS__);     \
	} while (0)

#endif
