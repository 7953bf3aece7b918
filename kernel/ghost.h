/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLB checker: a witness beside the flush protocol, which it does not
 * trust and shares nothing with. It sees every store to a second-level entry,
 * every INVEPT that is executed, the VMCB's TLB_CONTROL at every VMRUN, every
 * entry and exit, and every page that the allocator gets back. From that it
 * knows since when a page, a table or a right is unreachable, and which CPU may
 * still use it: one that is in the guest, and has not flushed since.
 *
 * It panics when
 *	- a change is reported complete while a CPU may still use what was before
 *	- a CPU enters without a flush behind a change that was reported complete;
 *	  or for the first time; or what it has cached is another root's
 *	- a frame is given back that is reachable, or that a CPU may still reach; or
 *	  that a CPU may have found which walks the table in software, and has since
 *	  before the frame was taken out
 *	- an entry is read by a CPU that is not in a section, and has not the lock
 *
 * Time is a count of events. What a store took away is stamped after the store,
 * a flush before it is made: so a flush counts only if it came behind the store,
 * or if the CPU was not in the guest in between.
 *
 * A tag is what hardware tells cached translations apart by: the root itself
 * (EPTP) under VMX, an ASID under SVM.
 *
 * All functions may run on several CPUs at once. Until ghost_init they do
 * nothing.
 */
#ifndef KERNEL_GHOST_H
#define KERNEL_GHOST_H

#include "gpt/vmm_gpt.h"

#include <stdbool.h>
#include <stdint.h>

enum { GHOST_CPUS_MAX = 256 };

/* Where a table page hangs: its root's pfn, and the level of its entries. 0: it is none. */
typedef uint64_t ghost_root_fn(uint64_t table_pfn, unsigned *level);

/* Switches it on. frames: nframes words, all 0. page_base: where pfn 0 is seen. */
void ghost_init(uint64_t *frames, uint64_t nframes, uintptr_t page_base, ghost_root_fn *root_of,
		const struct vmm_gpt_format *format);

extern bool ghost_on;

/*
 * A root is watched from here on; and goes: what could be reached by it cannot be
 * any more. Tables whose root is not watched are of no interest.
 */
void ghost_root_begins(uint64_t root_pfn);
void ghost_root_ends(uint64_t root_pfn);

/* An entry was changed from old to new. */
void ghost_wrote(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t new);

/* This CPU flushes what is cached for a tag, or (0) for all tags. Right before it does. */
void ghost_flush(unsigned cpu, uint64_t tag);

/* This CPU enters the guest, right before it does; and has left it. */
void ghost_enter(unsigned cpu, uint64_t tag, uint64_t root_pfn);
void ghost_exit(unsigned cpu);

/* This CPU is in a section from here on, in which it walks this root's table; 0: no more. */
void ghost_walk(unsigned cpu, uint64_t root_pfn);

/* This CPU has the lock of this root's table; 0: no more. */
void ghost_hold(unsigned cpu, uint64_t root_pfn);

/* This CPU reads an entry. */
void ghost_read(unsigned cpu, const vmm_gpt_pte_t *ptep);

/* What was changed so far below this root counts as done: somebody relies on it. */
void ghost_complete(uint64_t root_pfn);

/* The frame is given back to the allocator. */
void ghost_given_back(uint64_t pfn);

#endif
