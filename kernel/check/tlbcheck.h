/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLB checker stands beside the flush protocol, which it does not
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
 * All functions but tlbcheck_init may run on several CPUs at once.
 */
#ifndef KERNEL_CHECK_TLBCHECK_H
#define KERNEL_CHECK_TLBCHECK_H

#include "gpt/vmm_gpt.h"

#include <stdbool.h>
#include <stdint.h>

enum { TLBCHECK_CPUS_MAX = 256 };

/* Where a table page hangs: its root's pfn, and the level of its entries. 0: it is none. */
typedef uint64_t tlbcheck_root_fn(uint64_t table_pfn, unsigned *level);

/* Before all else. frames: nframes words, all 0. page_base: where pfn 0 is seen. */
void tlbcheck_init(uint64_t *frames, uint64_t nframes, uintptr_t page_base,
		   tlbcheck_root_fn *root_of, const struct vmm_gpt_format *format);

/* The hooks of struct observer and pte_observer. Tables whose root has not begun are of no interest. */
void tlbcheck_root_begins(uint64_t root_pfn);
void tlbcheck_root_ends(uint64_t root_pfn);
void tlbcheck_wrote(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t new);
void tlbcheck_read(unsigned cpu, const vmm_gpt_pte_t *ptep);
void tlbcheck_flush(unsigned cpu, uint64_t tag);
void tlbcheck_enter(unsigned cpu, uint64_t tag, uint64_t root_pfn);
void tlbcheck_exit(unsigned cpu);
void tlbcheck_walk(unsigned cpu, uint64_t root_pfn);
void tlbcheck_hold(unsigned cpu, uint64_t root_pfn);
void tlbcheck_complete(uint64_t root_pfn);

/* The frame is given back to the allocator: pages_on_free. */
void tlbcheck_given_back(uint64_t pfn);

#endif
