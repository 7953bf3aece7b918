/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of a CPU's page walk, written from the manuals and not from gpt/: which entries
 * are valid, what they mean, and which bits an access sets.
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

/* An entry as hardware reads it. pfn: the table, or the leaf's first page. */
struct cpu_entry {
	enum cpu_kind kind;
	uint64_t pfn;
	unsigned prot, type;
	bool accessed, dirty;
};

struct cpu_entry cpu_read(uint64_t pte, unsigned level);

/* The A and D bits of the live format. */
uint64_t cpu_accessed(void);
uint64_t cpu_dirty(void);

/*
 * Packed: kind, level, A, D, rights, type, and the pfn of the page itself. 0 only for a
 * hole.
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

/* The current state of this page: its leaf, or how it is populated. */
seen_t seen_now(unsigned page);

/*
 * A CPU's access by a fresh page walk, whose memory accesses are steps of the schedule.
 * Returns the translation that it used, or SEEN_FAULT.
 */
seen_t cpu_access(unsigned page, bool write);

#endif
