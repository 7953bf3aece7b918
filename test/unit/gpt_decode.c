/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPU's walk of second-level tables; see gpt_decode.h. */
#include "test/unit/gpt_decode.h"

#include <stddef.h>

#define BIT(n)		(UINT64_C(1) << (n))
#define BITS(high, low) ((BIT((high) - (low)) * 2 - 1) << (low))

/* What one entry says, before rights are put together. */
struct entry {
	enum { ABSENT, TABLE, LEAF, WRONG } kind;
	uint64_t address;
	unsigned prot, type;
	uint64_t a_bit, d_bit;
	const char *why;
};

static struct entry wrong(const char *why)
{
	return (struct entry){ .kind = WRONG, .why = why };
}

/* Bits of the address that a CPU of this width does not have. */
static uint64_t too_high(const struct cpu_model *cpu)
{
	return cpu->maxphyaddr < 52 ? BITS(51, cpu->maxphyaddr) : 0;
}

/* Of an entry that maps: where its page begins. */
static unsigned page_shift(unsigned level)
{
	return level == 3 ? 30 : level == 2 ? 21 : 12;
}

/* Tables 29-1 to 29-6, and the misconfigurations of 29.3.3.1. */
static struct entry ept_entry(const struct cpu_model *cpu, uint64_t e, unsigned level)
{
	struct entry out = { .prot = (unsigned)(e & 7), .a_bit = BIT(8) };
	bool leaf = level == 1 || (level < 4 && (e & BIT(7)));

	if (!(e & 7))
		return out; /* ABSENT: all other bits are ignored */
	if ((e & 3) == 2)
		return wrong("EPT: write without read");
	if ((e & 7) == 4 && !cpu->exec_only)
		return wrong("EPT: execute without read, on a CPU that has no such thing");
	if (e & too_high(cpu))
		return wrong("EPT: an address above MAXPHYADDR");
	if (!leaf) {
		/* PML4E: 7:3 reserved. PDPTE and PDE: 6:3, and bit 7 is 0. */
		if (e & BITS(7, 3))
			return wrong("EPT: reserved bits in an entry for a table");
		out.kind = TABLE;
		out.address = e & BITS(51, 12);
		return out;
	}
	if (level > 1 && (e & (BIT(page_shift(level)) - 1) & ~BITS(11, 0)))
		return wrong("EPT: reserved bits below a large page's address");
	if ((level == 3 && !cpu->page_1g) || (level == 2 && !cpu->page_2m))
		return wrong("EPT: a page of a size that this CPU does not have");
	out.kind = LEAF;
	out.address = e & BITS(51, page_shift(level));
	out.type = (unsigned)(e >> 3 & 7);
	out.d_bit = BIT(9);
	if (out.type == 2 || out.type == 3 || out.type == 7)
		return wrong("EPT: a reserved memory type");
	return e & BIT(6) ? wrong("EPT: the guest's PAT is ignored, which is not wanted") : out;
}

static unsigned pat_type(uint64_t pat, unsigned index)
{
	return (unsigned)(pat >> 8 * index & 0xff);
}

/* 5.3.3 to 5.3.5 (figures 5-20 to 5-27), 5.4.1; a nested walk is a user access (15.25.5). */
static struct entry npt_entry(const struct cpu_model *cpu, uint64_t e, unsigned level)
{
	struct entry out = { .a_bit = BIT(5) };
	bool leaf = level == 1 || (level < 4 && (e & BIT(7)));
	unsigned pat_bit = level == 1 ? 7 : 12;

	if (!(e & BIT(0)))
		return out;
	if (e & too_high(cpu))
		return wrong("nPT: an address above MAXPHYADDR");
	if (level == 4 && (e & BITS(8, 7)))
		return wrong("nPT: bits that must be zero in a PML4E");
	out.prot = 1 | (e & BIT(1) ? 2 : 0) | (e & BIT(63) ? 0 : 4);
	if (!(e & BIT(2)))
		out.prot = 0; /* the supervisor's: a guest never is */
	if (!leaf) {
		out.kind = TABLE;
		out.address = e & BITS(51, 12);
		/* PWT and PCD say how the table is read: WB, as it is written. */
		return pat_type(cpu->pat, (unsigned)(e >> 3 & 3)) == 6 ?
			       out :
			       wrong("nPT: a table that is not read as WB");
	}
	if (level > 1 && (e & BITS(page_shift(level) - 1, 13)))
		return wrong("nPT: bits that must be zero below a large page's address");
	if ((level == 3 && !cpu->page_1g) || (level == 2 && !cpu->page_2m))
		return wrong("nPT: a page of a size that this CPU does not have");
	out.kind = LEAF;
	out.address = e & BITS(51, page_shift(level));
	out.type = pat_type(cpu->pat, (unsigned)((e >> pat_bit & 1) << 2 | (e >> 3 & 3)));
	out.d_bit = BIT(6);
	return e & BIT(8) ? wrong("nPT: global, which is not wanted") : out;
}

static struct entry read_entry(const struct cpu_model *cpu, uint64_t e, unsigned level)
{
	return cpu->ept ? ept_entry(cpu, e, level) : npt_entry(cpu, e, level);
}

static uint64_t *table_at(const struct cpu_model *cpu, uint64_t address)
{
	return (uint64_t *)(uintptr_t)(cpu->memory + address);
}

/* Table 25-9 with what VM entry checks of it (28.2.1.1); nCR3 is as CR3 (15.25.3, 5.3.2). */
static const char *wrong_with_root(const struct cpu_model *cpu)
{
	if (cpu->root & (too_high(cpu) | BITS(63, 52)))
		return "the root is above MAXPHYADDR";
	if (!cpu->ept)
		return cpu->root & BITS(11, 0) ? "nCR3 has bits that are not wanted" : NULL;
	if ((cpu->root & 7) != 6)
		return "the EPTP does not say WB";
	if ((cpu->root >> 3 & 7) != 3)
		return "the EPTP does not say four levels";
	return cpu->root & BITS(11, 7) ? "the EPTP has reserved bits" : NULL;
}

/* Walks down; on the way, A is set if ad is, and so is D in the leaf if the access is 2. */
static enum cpu_finds walk(const struct cpu_model *cpu, uint64_t gpa, unsigned access, bool ad,
			   struct cpu_page *page)
{
	uint64_t table = cpu->root & BITS(51, 12);
	unsigned prot = 7;

	*page = (struct cpu_page){ .why = wrong_with_root(cpu) };
	if (page->why)
		return CPU_MISCONFIG;
	for (unsigned level = 4;; level--) {
		uint64_t *at = table_at(cpu, table) + (gpa >> (12 + 9 * (level - 1)) & 511);
		struct entry e = read_entry(cpu, *at, level);

		page->level = level;
		page->why = e.why;
		if (e.kind == ABSENT || e.kind == WRONG)
			return e.kind == WRONG ? CPU_MISCONFIG : CPU_NOTHING;
		prot &= e.prot;
		if (ad && (e.kind == TABLE || !(access & ~prot)))
			*at |= e.a_bit | (access == 2 ? e.d_bit : 0);
		table = e.address;
		if (e.kind == TABLE)
			continue;
		page->pfn = (e.address | (gpa & (BIT(page_shift(level)) - 1))) >> 12;
		page->prot = prot;
		page->type = e.type;
		page->accessed = *at & e.a_bit;
		page->dirty = *at & e.d_bit;
		return prot ? CPU_PAGE : CPU_NOTHING;
	}
}

enum cpu_finds cpu_walk(const struct cpu_model *cpu, uint64_t gpa, struct cpu_page *page)
{
	return walk(cpu, gpa, 0, false, page);
}

void cpu_access(const struct cpu_model *cpu, uint64_t gpa, unsigned access)
{
	struct cpu_page page;

	if (!cpu->ept || (cpu->root & BIT(6)))
		walk(cpu, gpa, access, true, &page);
}

struct visit {
	const struct cpu_model *cpu;
	uint64_t *tables;
	void (*fn)(void *arg, uint64_t pfn);
	void *arg;
};

static const char *visit_table(const struct visit *v, uint64_t address, unsigned level)
{
	const char *why = NULL;

	++*v->tables;
	if (v->fn)
		v->fn(v->arg, address >> 12);
	for (unsigned i = 0; i < 512 && !why; i++) {
		struct entry e = read_entry(v->cpu, table_at(v->cpu, address)[i], level);

		why = e.why;
		if (e.kind == TABLE)
			why = visit_table(v, e.address, level - 1);
	}
	return why;
}

const char *cpu_walk_all(const struct cpu_model *cpu, uint64_t *tables,
			 void (*visit)(void *arg, uint64_t pfn), void *arg)
{
	struct visit v = { cpu, tables, visit, arg };

	*tables = 0;
	return wrong_with_root(cpu) ? wrong_with_root(cpu) :
				      visit_table(&v, cpu->root & BITS(51, 12), 4);
}
