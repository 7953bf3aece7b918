/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaches the checker (tlbcheck.h) to the guests' address spaces. */
#include "kernel/check/tlbcheck_attach.h"

#include "kernel/check/tlbcheck.h"
#include "kernel/host/cpu.h"
#include "kernel/host/pages.h"
#include "kernel/lib/gpt_pte.h"
#include "kernel/vm/observe.h"

static uint64_t root_of(uint64_t pfn, unsigned *level)
{
	const struct frame *frame = page_frame_if_any(pfn);
	const struct vmm_gpt_node *node =
		frame && frame->kind == FRAME_TABLE ? frame->owner : NULL;

	if (!node)
		return 0;
	*level = node->level;
	while (node->parent)
		node = node->parent;
	return node->level == VMM_GPT_LEVELS ? node->pfn : 0;
}

static void on_read(const uint64_t *ptep)
{
	tlbcheck_read(this_cpu()->number, ptep);
}

static const struct pte_observer pte_checker = { .wrote = tlbcheck_wrote, .read = on_read };

static const struct observer checker = {
	.root_begins = tlbcheck_root_begins,
	.root_ends = tlbcheck_root_ends,
	.flush = tlbcheck_flush,
	.enter = tlbcheck_enter,
	.exit = tlbcheck_exit,
	.walk = tlbcheck_walk,
	.hold = tlbcheck_hold,
	.complete = tlbcheck_complete,
};

bool tlbcheck_attach(const struct vmm_gpt_format *format)
{
	uint64_t nframes = pages_frames(), bytes = nframes * sizeof(uint64_t), pfn;
	unsigned order = 0;

	while ((uint64_t)PAGE_SIZE << order < bytes)
		order++;
	pfn = order <= PAGE_MAX_ORDER ? pages_alloc(order, FRAME_HOST) : 0;
	if (!pfn)
		return false;
	pages_clear(pfn, order);
	tlbcheck_init(page_ptr(pfn), nframes, (uintptr_t)page_ptr(0), root_of, format);
	pte_observer = &pte_checker;
	observer = &checker;
	pages_on_free(tlbcheck_freed);
	return true;
}
