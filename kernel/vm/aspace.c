/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/vm/aspace.h"

#include "kernel/host/mmu.h"
#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/string.h"
#include "kernel/vm/observe.h"

const struct observer *observer;

/* Nested entries select from the host's PAT. */
_Static_assert(VMM_GPT_PAT == MMU_PAT, "kernel/host/mmu.h");

/* Hooks for gpt/. The node of a table page comes from our slab and is found by its frame. */
static struct vmm_gpt_node *get_table(void *ctx)
{
	struct aspace *as = ctx;
	struct vmm_gpt_node *node = slab_alloc(&as->nodes);
	uint64_t pfn = node ? page_alloc_zeroed(FRAME_TABLE) : 0;

	if (!pfn) {
		if (node)
			slab_free(&as->nodes, node);
		return NULL;
	}
	node->pfn = pfn;
	page_frame(pfn)->owner = node;
	if (FAULT(TABLE_LEAKED))
		pfn = page_alloc_zeroed(FRAME_TABLE);
	return node;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct aspace *as = ctx;

	if (!FAULT(TABLE_KEPT))
		page_free(node->pfn, FRAME_TABLE);
	slab_free(&as->nodes, node);
}

/* NULL if it is not a table: then a check finds a damaged entry, not a fault. */
static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	const struct frame *frame = page_frame_if_any(pfn);

	(void)ctx;
	return frame && frame->kind == FRAME_TABLE ? frame->owner : NULL;
}

unsigned aspace_max_level(const struct vmm_gpt_caps *caps, unsigned leaf)
{
	unsigned has = !caps->leaf_2m ? 1 : caps->leaf_1g ? 3 : 2;

	return leaf < has ? leaf : has;
}

bool aspace_init(struct aspace *as, const struct vmm_gpt_format *format,
		 const struct vmm_gpt_caps *caps, unsigned leaf, unsigned ncpus,
		 const struct region *regions, unsigned nregions)
{
	static uint64_t serial;
	struct vmm_gpt_hooks hooks = {
		.ctx = as,
		.page_base = (uintptr_t)page_ptr(0),
		.get_table = get_table,
		.put_table = put_table,
		.node_of = node_of,
	};
	struct vmm_gpt_result r;

	ASSERT(ncpus && ncpus <= ASPACE_CPUS_MAX);
	memset(as, 0, sizeof(*as));
	as->cpus = ncpus;
	as->nodes.size = sizeof(struct vmm_gpt_node);
	as->regions = regions;
	as->nregions = nregions;
	as->max_level = aspace_max_level(caps, leaf);
	r = vmm_gpt_alloc(&as->gpt, format, caps, &hooks);
	if (r.error == VMM_GPT_NO_MEMORY)
		return false;
	ASSERT_EQ(r.error, VMM_GPT_OK);
	for (unsigned i = 0; i < ncpus; i++)
		vmm_gpt_register_reader(&as->gpt, &as->readers[i]);
	OBSERVE(root_begins, as->gpt.root->pfn);
	as->ctx.pmtp = vmm_gpt_get_pmtp(&as->gpt, !FAULT(AD_OFF));
	as->ctx.ctx_id = ++serial;
	if (FAULT(ROOT_REUSED)) {
		as->ctx.ctx_id = 1;
		as->ctx.tlb_gen = tlb_cpu(this_cpu())->flushed_gen;
	}
	return true;
}

bool aspace_owns(uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	const struct frame *frame = page_frame_if_any(leaf->pfn);

	return frame && frame->kind == FRAME_GUEST &&
	       frame->order == aspace_leaf_order(leaf->level) && (uintptr_t)frame->owner == gpa;
}

void aspace_retire(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	struct aspace *as = arg;
	struct frame *frame = page_frame_if_any(leaf->pfn);

	aspace_count(&as->mapped, -(UINT64_C(1) << aspace_leaf_order(leaf->level)));
	if (!aspace_owns(gpa, leaf))
		return; /* leaking it is better than freeing it twice; the audit has reported it */
	if (FAULT(NO_LIMBO)) {
		pages_free(leaf->pfn, frame->order, FRAME_GUEST);
		return;
	}
	frame->owner = (void *)as->retired.first;
	as->retired.first = leaf->pfn;
}

static void release(struct aspace *as)
{
	while (as->retired.first) {
		uint64_t pfn = as->retired.first;

		as->retired.first = (uint64_t)page_frame(pfn)->owner;
		if (FAULT(PAGE_KEPT))
			continue;
		pages_free(pfn, page_frame(pfn)->order, FRAME_GUEST);
	}
	vmm_gpt_free_retired(&as->gpt, &as->retired.tables);
}

void aspace_flush(struct aspace *as)
{
	tlb_shootdown(&as->ctx);
	OBSERVE(complete, as->gpt.root->pfn);
	as->retired.cookie = vmm_gpt_grace_start(&as->gpt);
}

void aspace_reap(struct aspace *as)
{
	aspace_lock(as);
	if (vmm_gpt_grace_elapsed(&as->gpt, as->retired.cookie))
		release(as);
	aspace_unlock(as);
}

bool aspace_reap_sync(struct aspace *as)
{
	bool any = as->retired.first || as->retired.tables.count;

	while (!vmm_gpt_grace_elapsed(&as->gpt, as->retired.cookie))
		cpu_pause();
	release(as);
	return any;
}

/* cpu is the only CPU that could still use the memory, and it must flush before it can. */
static void release_all(struct aspace *as, const struct cpu *cpu)
{
	ASSERT(tlb_is_stale(tlb_cpu(cpu), &as->ctx));
	ASSERT(vmm_gpt_grace_elapsed(&as->gpt, as->retired.cookie));
	release(as);
}

uint64_t aspace_fini(struct aspace *as, struct cpu *cpu,
		     void (*invalidate)(struct cpu *cpu, const struct tlb_context *ctx))
{
	struct vmm_gpt_result unmapped, vacated = { 0 };
	uint64_t left;

	aspace_lock(as);
	unmapped = vmm_gpt_unmap_region(&as->gpt, 0, VMM_GPT_GPA_END, aspace_retire, as);
	ASSERT_EQ(unmapped.error, VMM_GPT_OK);
	if (FAULT(RELEASE_EARLY))
		release_all(as, cpu);
	if (!FAULT(NO_VACATE))
		vacated = vmm_gpt_vacate_region(&as->gpt, 0, VMM_GPT_GPA_END, &as->retired.tables);
	ASSERT_EQ(vacated.error, VMM_GPT_OK);
	if (!FAULT(FLUSH_MARK))
		aspace_flush(as); /* unconditionally: the root goes too */
	invalidate(cpu, &as->ctx);
	release_all(as, cpu);
	left = as->gpt.tables - 1;
	aspace_unlock(as);
	OBSERVE(root_ends, as->gpt.root->pfn);
	vmm_gpt_free(&as->gpt);
	return left;
}

const struct region *aspace_region(const struct aspace *as, uint64_t gpa)
{
	for (unsigned i = 0; i < as->nregions; i++)
		if (gpa - as->regions[i].start < as->regions[i].size)
			return &as->regions[i];
	return NULL;
}

unsigned aspace_cpu(const struct aspace *as)
{
	return as->cpus > 1 ? this_cpu()->number : 0;
}

void aspace_lock(struct aspace *as)
{
	spin_lock(&as->lock);
	OBSERVE(hold, this_cpu()->number, as->gpt.root->pfn);
}

void aspace_unlock(struct aspace *as)
{
	OBSERVE(hold, this_cpu()->number, 0);
	spin_unlock(&as->lock);
}

void aspace_read_lock(struct aspace *as)
{
	if (FAULT(NO_SECTION))
		return;
	vmm_gpt_read_lock(&as->gpt, &as->readers[aspace_cpu(as)]);
	OBSERVE(walk, this_cpu()->number, as->gpt.root->pfn);
}

void aspace_read_unlock(struct aspace *as)
{
	if (FAULT(NO_SECTION))
		return;
	OBSERVE(walk, this_cpu()->number, 0);
	vmm_gpt_read_unlock(&as->readers[aspace_cpu(as)]);
}

bool aspace_is_populated(struct aspace *as, uint64_t gpa)
{
	bool populated;

	aspace_read_lock(as);
	populated = vmm_gpt_lookup(&as->gpt, gpa, NULL);
	aspace_read_unlock(as);
	return populated;
}

void aspace_move_begin(struct aspace *as)
{
	uint64_t stamp;

	__atomic_store_n(&as->moving, true, __ATOMIC_SEQ_CST);
	stamp = vmm_gpt_grace_start(&as->gpt);
	while (!vmm_gpt_grace_elapsed(&as->gpt, stamp))
		cpu_pause();
}

void aspace_move_end(struct aspace *as)
{
	__atomic_store_n(&as->moving, false, __ATOMIC_SEQ_CST);
}

/* Call in a read section. */
static void *find(const struct aspace *as, uint64_t gpa)
{
	struct vmm_gpt_leaf leaf;
	unsigned level;
	const vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&as->gpt, gpa, &level);

	if (!ptep || !vmm_gpt_is_mapped(&as->gpt, ptep, level, &leaf))
		return NULL;
	return (char *)page_ptr(leaf.pfn) + (gpa & (aspace_leaf_size(level) - 1));
}

void *aspace_ptr(struct aspace *as, uint64_t gpa)
{
	void *ptr;

	aspace_read_lock(as);
	ptr = find(as, gpa);
	aspace_read_unlock(as);
	return ptr;
}

bool aspace_read(struct aspace *as, uint64_t gpa, void *to, size_t size)
{
	const void *from;

	aspace_read_lock(as);
	from = find(as, gpa);
	if (from)
		memcpy(to, from, size);
	aspace_read_unlock(as);
	return from;
}
