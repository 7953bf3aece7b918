/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/fake_pte.h"
#include "test/unit/interleave/cpu.h"

#define BIT(n)	(UINT64_C(1) << (n))
#define ADDRESS UINT64_C(0x000ffffffffff000)

uint64_t cpu_accessed(void)
{
	return live_is_ept ? BIT(8) : BIT(5);
}

uint64_t cpu_dirty(void)
{
	return live_is_ept ? BIT(9) : BIT(6);
}

/* Address bits that must be 0: above MAXPHYADDR, and in a leaf below its size. */
static bool bad_address(uint64_t pte, unsigned level, bool leaf)
{
	uint64_t reserved = ADDRESS & ~(BIT(live.gpt.caps.maxphyaddr) - 1);

	if (leaf && level > 1)
		reserved |= (BIT(12 + (level - 1) * VMM_GPT_INDEX_BITS) - 1) & ~(BIT(12) - 1);
	if (leaf && level > 1 && !live_is_ept)
		reserved &= ~BIT(12); /* PAT */
	return pte & reserved;
}

/* SDM vol. 3C, tables 29-1 to 29-7, and 29.3.3.1 for misconfigurations. */
static struct cpu_entry read_ept(uint64_t pte, unsigned level)
{
	struct cpu_entry e = { .kind = CPU_TABLE, .prot = pte & 7, .type = pte >> 3 & 7 };
	bool leaf = level == 1 || (pte & BIT(7));

	e.accessed = pte & BIT(8);
	if (!e.prot)
		return (struct cpu_entry){ .kind = CPU_ABSENT };
	if ((e.prot & 3) == 2 || bad_address(pte, level, leaf))
		e.kind = CPU_BROKEN;
	else if (!leaf)
		e.kind = e.type ? CPU_BROKEN : CPU_TABLE; /* bits 6:3, with the next */
	else
		e.kind = e.type == 2 || e.type == 3 || e.type == 7 ? CPU_BROKEN : CPU_LEAF;
	if (!leaf && (pte & BIT(6)))
		e.kind = CPU_BROKEN;
	if (leaf)
		e.dirty = pte & BIT(9);
	return e;
}

/* APM vol. 2, 5.3 and 5.4; U, since nested walks are user accesses (15.25.5). */
static struct cpu_entry read_npt(uint64_t pte, unsigned level)
{
	static const uint8_t type_of[8] = {
		VMM_GPT_WB, VMM_GPT_WT, VMM_GPT_WC, VMM_GPT_UC, VMM_GPT_WP, 0, 0, 0,
	};
	struct cpu_entry e = { .kind = CPU_TABLE };
	bool leaf = level == 1 || (pte & BIT(7));
	bool pat = level == 1 ? pte & BIT(7) : pte & BIT(12);

	if (!(pte & BIT(0)))
		return (struct cpu_entry){ .kind = CPU_ABSENT };
	e.prot = VMM_GPT_READ | (pte & BIT(1) ? VMM_GPT_WRITE : 0) |
		 (pte & BIT(63) ? 0 : VMM_GPT_EXEC);
	e.accessed = pte & BIT(5);
	if (leaf) {
		e.kind = CPU_LEAF;
		e.type = type_of[(pte >> 3 & 3) | (pat ? 4 : 0)];
		e.dirty = pte & BIT(6);
	}
	/* Without U nothing can be used: as bad as a reserved bit. */
	if (!(pte & BIT(2)) || bad_address(pte, level, leaf))
		e.kind = CPU_BROKEN;
	return e;
}

struct cpu_entry cpu_read(uint64_t pte, unsigned level)
{
	struct cpu_entry e = live_is_ept ? read_ept(pte, level) : read_npt(pte, level);
	uint64_t size = BIT(12 + (level - 1) * VMM_GPT_INDEX_BITS);

	e.pfn = (e.kind == CPU_LEAF ? pte & ADDRESS & ~(size - 1) : pte & ADDRESS) >> 12;
	/* Tables allow everything, and are pages that exist. */
	if (e.kind == CPU_TABLE && (e.prot != VMM_GPT_RWX || e.pfn < 1 || e.pfn >= TABLES))
		e.kind = CPU_BROKEN;
	return e;
}

static seen_t pack(unsigned level, bool a, bool d, unsigned prot, unsigned type, uint64_t pfn)
{
	return SEEN_MAPPED | (seen_t)level << 4 | (a ? SEEN_ACCESSED : 0) | (d ? SEEN_DIRTY : 0) |
	       (seen_t)prot << 12 | (seen_t)type << 16 | pfn << 20;
}

seen_t seen_leaf(const struct vmm_gpt_leaf *leaf, unsigned page)
{
	return pack(leaf->level, leaf->accessed, leaf->dirty, leaf->prot, leaf->type,
		    leaf->pfn + (page & ((1u << (leaf->level - 1)) - 1)));
}

seen_t seen_entry(const struct cpu_entry *e, unsigned level, unsigned page)
{
	return pack(level, e->accessed, e->dirty, e->prot, e->type,
		    e->pfn + (page & ((1u << (level - 1)) - 1)));
}

seen_t seen_now(unsigned page)
{
	uint64_t pfn = live.gpt.root->pfn;

	for (unsigned level = VMM_GPT_LEVELS;; level--) {
		uint64_t pte = world_table(pfn)[page >> (level - 1) & 1];
		struct cpu_entry e = cpu_read(pte, level);

		if (e.kind == CPU_LEAF)
			return seen_entry(&e, level, page);
		if (e.kind == CPU_BROKEN)
			broken("an entry that hardware does not take");
		if (e.kind != CPU_TABLE)
			return pte == VMM_GPT_VACANT ? seen_kind(SEEN_HOLE, 0) :
						       seen_kind(SEEN_EMPTY, level);
		pfn = e.pfn;
	}
}

/* Reads an entry, and sets A, and D for a write in a leaf; false: it changed meanwhile. */
static bool use_entry(vmm_gpt_pte_t *ptep, unsigned level, bool write, struct cpu_entry *e)
{
	uint64_t pte = vmm_gpt_pte_load(ptep);
	uint64_t set = cpu_accessed();

	*e = cpu_read(pte, level);
	if (e->kind != CPU_TABLE && e->kind != CPU_LEAF)
		return true;
	if (write && !(e->prot & VMM_GPT_WRITE))
		return true;
	if (write && e->kind == CPU_LEAF)
		set |= cpu_dirty();
	e->accessed = true;
	e->dirty |= write;
	return (pte & set) == set || vmm_gpt_pte_cas(ptep, &pte, pte | set);
}

seen_t cpu_access(unsigned page, bool write)
{
	uint64_t pfn = live.gpt.root->pfn;

	for (unsigned level = VMM_GPT_LEVELS; level;) {
		struct cpu_entry e;

		if (!use_entry(world_table(pfn) + (page >> (level - 1) & 1), level, write, &e)) {
			pfn = live.gpt.root->pfn;
			level = VMM_GPT_LEVELS;
			continue;
		}
		if (e.kind == CPU_BROKEN)
			broken("hardware met an entry that it does not take");
		if (e.kind == CPU_LEAF && (!write || (e.prot & VMM_GPT_WRITE)))
			return seen_entry(&e, level, page);
		if (e.kind != CPU_TABLE)
			return SEEN_FAULT;
		pfn = e.pfn;
		level--;
	}
	return SEEN_FAULT;
}
