/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of a CPU's walk, written after the manuals and not after gpt/: which
 * entries are valid, what they say, and what an access sets in them.
 */
#ifndef TEST_UNIT_INTERLEAVE_CPU_H
#define TEST_UNIT_INTERLEAVE_CPU_H

#include "test/unit/interleave/world.h"

enum cpu_kind {
	CPU_ABSENT,
	CPU_TABLE,
	CPU_LEAF,
	CPU_BROKEN, /* a misconfiguration, or reserved bits */
};

/* An entry as hardware reads it. pfn: of the table, or of the leaf's first page. */
struct cpu_entry {
	enum cpu_kind kind;
	uint64_t pfn;
	unsigned prot, type;
	bool accessed, dirty;
};

struct cpu_entry cpu_read(uint64_t pte, unsigned level);

/* The bits in memory. */
uint64_t cpu_accessed(void);
uint64_t cpu_dirty(void);

/*
 * Packed: kind, level, A, D, rights, type, and the pfn of the page itself. Not 0
 * for anything but a hole.
 */
enum seen_kind { SEEN_HOLE, SEEN_EMPTY, SEEN_MAPPED, SEEN_FAULT };

#define SEEN_ACCESSED (UINT64_C(1) << 8)
#define SEEN_DIRTY    (UINT64_C(1) << 9)
#define SEEN_LEVEL    (UINT64_C(15) << 4)

seen_t seen_leaf(const struct vmm_gpt_leaf *leaf, unsigned page);
seen_t seen_entry(const struct cpu_entry *entry, unsigned level, unsigned page);
static inline seen_t seen_kind(enum seen_kind kind, unsigned level)
{
	return kind | (seen_t)level << 4;
}

/* What is at this page now: the leaf, or how it is populated. */
seen_t seen_now(unsigned page);

/*
 * An access of the CPU by a fresh walk, with accesses to memory that a test sees:
 * what it used, or SEEN_FAULT.
 */
seen_t cpu_access(unsigned page, bool write);

#endif
