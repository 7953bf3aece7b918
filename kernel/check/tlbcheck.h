/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A checker for the TLB discipline. It does not trust the flush protocol and shares no
 * code or data with it. It sees every store to a second-level entry, every INVEPT that is
 * executed, the VMCB's TLB_CONTROL at every VMRUN, every entry and exit, and every page that
 * is freed. From these it knows since when a page, a table or a right is unreachable, and
 * which CPU may still use it: one that is in the guest and has not flushed since.
 *
 * It panics when
 *	- a change is reported complete while a CPU may still use the old translation
 *	- a CPU enters without a flush after a change that was reported complete, or for
 *	  the first time, or with translations of another root cached
 *	- a frame is freed that is reachable; or that a CPU in the guest may still use; or
 *	  that a software walker may have found, because it has been walking the table
 *	  since before the frame was taken out
 *	- an entry is read by a CPU that is not in a read section and does not hold the lock
 *
 * Time is a count of events. A removal is stamped after its store, a flush before it is
 * executed. So a flush counts only if it came after the store, or if the CPU was not in the
 * guest in between.
 *
 * All functions but tlbcheck_init may run on several CPUs concurrently.
 */
#ifndef KERNEL_CHECK_TLBCHECK_H
#define KERNEL_CHECK_TLBCHECK_H

#include "gpt/vmm_gpt.h"

#include <stdbool.h>
#include <stdint.h>

enum { TLBCHECK_CPUS_MAX = 256 };

/* Finds the root of a table page: its pfn, and the level of the page's entries. 0: none. */
typedef uint64_t tlbcheck_root_fn(uint64_t table_pfn, unsigned *level);

/* Call first. frames: nframes words, all 0. page_base: virtual address of pfn 0. */
void tlbcheck_init(uint64_t *frames, uint64_t nframes, uintptr_t page_base,
		   tlbcheck_root_fn *root_of, const struct vmm_gpt_format *format);

/* The hooks of struct observer and pte_observer. Tables of unknown roots are ignored. */
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

/* The frame is returned to the allocator; for pages_on_free. */
void tlbcheck_freed(uint64_t pfn);

#endif
