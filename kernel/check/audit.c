/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/check/audit.h"

#include "kernel/host/pages.h"

enum { SHOWN_MAX = 8 };

struct audit_base audit_begin(audit_wrong_fn *wrong)
{
	return (struct audit_base){ pages_in_use(FRAME_GUEST), pages_in_use(FRAME_TABLE), wrong };
}

struct audit {
	const struct aspace *as;
	audit_wrong_fn *say;
	unsigned wrong;
	uint64_t pages; /* of 4 KiB, in leaves */
};

static void complain(void *arg, uint64_t gpa, unsigned level, uint64_t entry, const char *what)
{
	struct audit *audit = arg;

	if (audit->wrong++ < SHOWN_MAX)
		audit->say("second level, gpa 0x%012lx, level %u, 0x%016lx: %s", (unsigned long)gpa,
			   level, (unsigned long)entry, what);
}

static const char *wrong_with_block(const struct vmm_gpt_extent *e)
{
	const struct frame *frame = page_frame_if_any(e->leaf.pfn);

	if (!frame)
		return "maps what is no memory";
	if (frame->kind == FRAME_TABLE)
		return "maps a page of a second-level table";
	if (frame->kind == FRAME_HOST)
		return "maps a page of the host's";
	if (frame->kind != FRAME_GUEST)
		return "maps what is not the beginning of a guest's block";
	if (frame->order != aspace_leaf_order(e->leaf.level))
		return "maps a block of another size";
	return aspace_owns(e->gpa, &e->leaf) ? NULL : "maps a block that belongs elsewhere";
}

static const char *wrong_with_leaf(const struct aspace *as, const struct vmm_gpt_extent *e)
{
	const struct region *region = aspace_region(as, e->gpa);

	if (!region || region->kind == REGION_HOLE)
		return "maps something where the guest has no memory";
	if (e->gpa + aspace_leaf_size(e->leaf.level) > region->start + region->size)
		return "goes beyond its region";
	if (e->leaf.prot & ~region_prot(region))
		return "has rights that its region lacks";
	if (e->leaf.type != VMM_GPT_WB)
		return "is of another memory type than write-back";
	return wrong_with_block(e);
}

static void check_leaves(struct audit *audit)
{
	const struct vmm_gpt *gpt = &audit->as->gpt;
	struct vmm_gpt_extent e;

	for (uint64_t gpa = 0; vmm_gpt_next(gpt, gpa, VMM_GPT_GPA_END, &e); gpa = e.end) {
		const char *what;

		if (e.kind != VMM_GPT_MAPPED)
			continue;
		audit->pages += UINT64_C(1) << aspace_leaf_order(e.leaf.level);
		what = wrong_with_leaf(audit->as, &e);
		if (what)
			complain(audit, e.gpa, e.leaf.level, e.leaf.pfn << PAGE_SHIFT, what);
	}
}

static bool agree(const struct audit_base *base, const char *what, uint64_t counted,
		  uint64_t in_use)
{
	if (counted != in_use)
		base->wrong("%s: %lu are accounted for, and %lu are in use", what,
			    (unsigned long)counted, (unsigned long)in_use);
	return counted == in_use;
}

static bool pages_agree(const struct audit_base *base)
{
	const char *error = pages_check();

	if (error)
		base->wrong("the page allocator: %s", error);
	return !error;
}

static uint64_t count_retired(const struct aspace *as)
{
	uint64_t waiting = 0;

	for (uint64_t pfn = as->retired.first; pfn; pfn = (uint64_t)page_frame(pfn)->owner)
		waiting += UINT64_C(1) << page_frame(pfn)->order;
	return waiting;
}

void audit_add_guest(struct audit_base *base, const struct aspace *as)
{
	base->guest += as->mapped + count_retired(as);
	base->tables += as->gpt.tables + as->retired.tables.count;
}

bool audit_aspace(struct aspace *as, const struct audit_base *base)
{
	struct audit audit = { .as = as, .say = base->wrong };
	bool ok;

	aspace_lock(as);
	vmm_gpt_check(&as->gpt, complain, &audit);
	check_leaves(&audit);
	aspace_unlock(as);
	if (audit.wrong > SHOWN_MAX)
		base->wrong("and %u more of these", audit.wrong - SHOWN_MAX);
	ok = !audit.wrong;
	ok &= agree(base, "pages mapped", audit.pages, as->mapped);
	ok &= agree(base, "the guest's pages", base->guest + audit.pages + count_retired(as),
		    pages_in_use(FRAME_GUEST));
	ok &= agree(base, "table pages", base->tables + as->gpt.tables + as->retired.tables.count,
		    pages_in_use(FRAME_TABLE));
	return pages_agree(base) && ok;
}

bool audit_nothing_left(const struct audit_base *base)
{
	bool ok = agree(base, "the guest's pages, afterwards", base->guest,
			pages_in_use(FRAME_GUEST));

	ok &= agree(base, "table pages, afterwards", base->tables, pages_in_use(FRAME_TABLE));
	return pages_agree(base) && ok;
}
