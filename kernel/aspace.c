/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/aspace.h"

#include "kernel/fault.h"
#include "kernel/pages.h"
#include "kernel/panic.h"
#include "kernel/string.h"

enum { SPAN = 2 << 20 }; /* what one lowest table holds: populated at once */

/* A deliberate bug: no CPU takes a leaf with these two bits (3:2) the other way. */
enum { FAULTY_BITS = 0xc };

/* Hooks for gpt/: a table page's node comes from a heap of ours, and is found by its frame. */
static struct vmm_gpt_node *get_table(void *ctx)
{
	struct aspace *as = ctx;
	struct vmm_gpt_node *node = heap_get(&as->nodes);
	uint64_t pfn = node ? page_get(FRAME_TABLE) : 0;

	if (!pfn) {
		if (node)
			heap_put(&as->nodes, node);
		return NULL;
	}
	node->pfn = pfn;
	page_frame(pfn)->owner = node;
	return node;
}

static void put_table(void *ctx, struct vmm_gpt_node *node)
{
	struct aspace *as = ctx;

	if (!FAULT(TABLE_KEPT))
		page_put(node->pfn, FRAME_TABLE);
	heap_put(&as->nodes, node);
}

static struct vmm_gpt_node *node_of(void *ctx, uint64_t pfn)
{
	(void)ctx;
	return page_frame(pfn)->owner;
}

bool aspace_init(struct aspace *as, const struct vmm_gpt_format *format,
		 const struct vmm_gpt_caps *caps, const struct region *regions, unsigned nregions)
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

	memset(as, 0, sizeof(*as));
	as->nodes.size = sizeof(struct vmm_gpt_node);
	as->regions = regions;
	as->nregions = nregions;
	r = vmm_gpt_alloc(&as->gpt, format, caps, &hooks);
	if (r.error == VMM_GPT_NO_MEMORY)
		return false;
	ASSERT_EQ(r.error, VMM_GPT_OK);
	as->root.pmtp = vmm_gpt_get_pmtp(&as->gpt, false);
	as->root.serial = ++serial;
	return true;
}

/* Pages that were unmapped, linked by their frames until they may be used again. */
static void quarantine(void *arg, uint64_t gpa, const struct vmm_gpt_leaf *leaf)
{
	uint64_t *first = arg;

	(void)gpa;
	ASSERT_EQ(page_frame(leaf->pfn)->kind, FRAME_GUEST);
	page_frame(leaf->pfn)->owner = (void *)*first;
	*first = leaf->pfn;
}

/* cpu is the one that could still use them, and must not without a flush. */
static void release(uint64_t first, const struct cpu *cpu, const struct tlb_root *root)
{
	ASSERT(tlb_owes(&cpu->tlb, root));
	while (first) {
		uint64_t pfn = first;

		first = (uint64_t)page_frame(pfn)->owner;
		if (!FAULT(PAGE_KEPT))
			page_put(pfn, FRAME_GUEST);
	}
}

uint64_t aspace_fini(struct aspace *as, struct cpu *cpu,
		     void (*invalidate)(struct cpu *cpu, const struct tlb_root *root))
{
	struct vmm_gpt_taken taken = { 0 };
	struct vmm_gpt_result unmapped, vacated = { 0 };
	uint64_t gone = 0, left;

	unmapped = vmm_gpt_unmap_region(&as->gpt, 0, VMM_GPT_GPA_END, quarantine, &gone);
	ASSERT_EQ(unmapped.error, VMM_GPT_OK);
	ASSERT_EQ(unmapped.entry, as->counts.pages);
	if (FAULT(RELEASE_EARLY))
		release(gone, cpu, &as->root);
	if (!FAULT(NO_VACATE))
		vacated = vmm_gpt_vacate_region(&as->gpt, 0, VMM_GPT_GPA_END, &taken);
	ASSERT_EQ(vacated.error, VMM_GPT_OK);
	if (!FAULT(FLUSH_MARK))
		tlb_mark_due(&as->root); /* whatever those two say: the root goes as well */
	invalidate(cpu, &as->root);
	release(gone, cpu, &as->root);
	vmm_gpt_put_taken(&as->gpt, &taken);
	left = as->gpt.tables - 1;
	vmm_gpt_free(&as->gpt);
	return left;
}

static unsigned rights_of(const struct region *r)
{
	static const uint8_t rights[] = {
		[REGION_RAM] = VMM_GPT_READ | VMM_GPT_WRITE | VMM_GPT_EXEC,
		[REGION_ROM] = VMM_GPT_READ | VMM_GPT_EXEC,
		[REGION_DATA] = VMM_GPT_READ | VMM_GPT_WRITE,
		[REGION_HOLE] = 0,
	};

	return rights[r->kind];
}

const char *region_rights(const struct region *r)
{
	static const char *const words[] = { "---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx" };

	return words[rights_of(r)];
}

const struct region *aspace_region(const struct aspace *as, uint64_t gpa)
{
	for (unsigned i = 0; i < as->nregions; i++)
		if (gpa - as->regions[i].start < as->regions[i].size)
			return &as->regions[i];
	return NULL;
}

struct aspace_plan aspace_plan_fault(const struct aspace *as, const struct vcpu_exit *exit)
{
	/* Reading is all that the guest's page walk needs of a table. */
	unsigned want = exit->fault.walk ? VMM_GPT_READ : exit->fault.access;
	struct aspace_plan plan = {
		.region = aspace_region(as, exit->fault.gpa),
		.outcome = ASPACE_MAPPED,
		.image_page = UINT64_MAX,
	};

	if (!plan.region || plan.region->kind == REGION_HOLE) {
		plan.outcome = ASPACE_HOLE;
		return plan;
	}
	if (want & ~rights_of(plan.region) && !FAULT(RIGHT_UNCHECKED)) {
		plan.outcome = ASPACE_DENIED;
		return plan;
	}
	if (exit->fault.gpa - plan.region->start < plan.region->image_size)
		plan.image_page = (exit->fault.gpa - plan.region->start) >> PAGE_SHIFT;
	return plan;
}

bool aspace_is_populated(const struct aspace *as, uint64_t gpa)
{
	return vmm_gpt_lookup(&as->gpt, gpa, NULL);
}

static void fill(uint64_t pfn, const struct region *region, uint64_t page)
{
	uint64_t at = page << PAGE_SHIFT, n = region->image_size - at;

	memcpy(page_ptr(pfn), (const char *)region->image + at, n < PAGE_SIZE ? n : PAGE_SIZE);
}

static void count(struct aspace_counts *c, const struct vcpu_exit *exit)
{
	if (exit->fault.walk)
		c->walk++;
	else if (exit->fault.access == ACCESS_EXEC)
		c->exec++;
	else if (exit->fault.access == ACCESS_WRITE)
		c->write++;
	else
		c->read++;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The part of the region that shares its lowest table with gpa. */
static bool populate(struct aspace *as, const struct region *region, uint64_t gpa)
{
	uint64_t span = gpa / SPAN * SPAN;
	struct vmm_gpt_result r = vmm_gpt_populate_region(
		&as->gpt, max(span, region->start), min(span + SPAN, region->start + region->size), 1);

	if (r.error == VMM_GPT_NO_MEMORY)
		return false;
	ASSERT_EQ(r.error, VMM_GPT_OK);
	as->counts.tables += r.entry;
	return true;
}

/* Maps pfn at gpa, and makes the slot first where there is none. */
static struct vmm_gpt_result install(struct aspace *as, const struct region *region, uint64_t gpa,
				     uint64_t pfn)
{
	unsigned rights = rights_of(region);
	struct vmm_gpt_result r;

	if (FAULT(MAP_WRITE))
		rights |= VMM_GPT_WRITE;
	if (FAULT(MAP_EXEC))
		rights |= VMM_GPT_EXEC;
	if (FAULT(MAP_PFN))
		pfn++;
	r = vmm_gpt_map(&as->gpt, gpa, pfn, 1, rights, VMM_GPT_WB);
	if (r.error != VMM_GPT_NOT_POPULATED && r.error != VMM_GPT_RETRY)
		return r;
	if (!FAULT(NO_POPULATE) && !populate(as, region, gpa))
		return (struct vmm_gpt_result){ .error = VMM_GPT_NO_MEMORY };
	return vmm_gpt_map(&as->gpt, gpa, pfn, 1, rights, VMM_GPT_WB);
}

enum aspace_outcome aspace_fault(struct aspace *as, const struct vcpu_exit *exit,
				 const struct aspace_plan *plan)
{
	uint64_t gpa = exit->fault.gpa / PAGE_SIZE * PAGE_SIZE, pfn;
	struct vmm_gpt_result r;

	count(&as->counts, exit);
	if (plan->outcome != ASPACE_MAPPED)
		return plan->outcome;
	pfn = page_get(FRAME_GUEST);
	if (!pfn)
		return ASPACE_NO_MEMORY;
	if (plan->image_page != UINT64_MAX && !FAULT(NO_IMAGE))
		fill(pfn, plan->region, plan->image_page);
	r = install(as, plan->region, gpa, pfn);
	if (r.error == VMM_GPT_OK && r.did_it) {
		as->counts.pages++;
		if (FAULT(GUEST_LEAF))
			*vmm_gpt_lookup(&as->gpt, gpa, NULL) ^= FAULTY_BITS;
		if (FAULT(PAGE_EARLY))
			page_put(pfn, FRAME_GUEST);
		return ASPACE_MAPPED;
	}
	page_put(pfn, FRAME_GUEST);
	if (r.error == VMM_GPT_NO_MEMORY)
		return ASPACE_NO_MEMORY;
	ASSERT_EQ(r.error, VMM_GPT_CONFLICT); /* the page that is there already stays */
	as->counts.spurious++;
	return exit->fault.present ? ASPACE_REFUSED : ASPACE_SPURIOUS;
}

void *aspace_ptr(const struct aspace *as, uint64_t gpa)
{
	struct vmm_gpt_leaf leaf;
	unsigned level, shift;
	const vmm_gpt_pte_t *ptep = vmm_gpt_lookup(&as->gpt, gpa, &level);

	if (!ptep || !vmm_gpt_is_mapped(&as->gpt, ptep, level, &leaf))
		return NULL;
	shift = VMM_GPT_PAGE_SHIFT + VMM_GPT_INDEX_BITS * (level - 1);
	return (char *)page_ptr(leaf.pfn) + (gpa & ((UINT64_C(1) << shift) - 1));
}
