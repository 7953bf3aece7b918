/* SPDX-License-Identifier: BSD-2-Clause */
/* Decides when the other CPU acts. Only for test_gpt_late.c. */
#ifndef TEST_UNIT_INJECT_RACE_TURN_H
#define TEST_UNIT_INJECT_RACE_TURN_H

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

void (*late_turn)(bool writes, const uint64_t *ptep);

/* Calls act right before the n-th read or write of the entry at. */
static struct {
	struct fixture *f;
	const vmm_gpt_pte_t *at;
	bool writes;
	unsigned n;
	void (*act)(struct fixture *f);
	struct vmm_gpt_result result;
} other;

static void take_turn(bool writes, const uint64_t *ptep)
{
	if (writes != other.writes || ptep != other.at || --other.n)
		return;
	late_turn = NULL;
	other.act(other.f);
}

static void arm(struct fixture *f, uint64_t gpa, unsigned level, bool writes, unsigned n,
		void (*act)(struct fixture *f))
{
	vmm_gpt_pte_t *entries[VMM_GPT_LEVELS];

	vmm_gpt_walk(&f->gpt, gpa, entries, VMM_GPT_LEVELS);
	other.f = f;
	other.at = entries[VMM_GPT_LEVELS - level];
	other.writes = writes;
	other.n = n;
	other.act = act;
	assert_non_null(other.at);
	late_turn = take_turn;
}

static void assert_was_late(void)
{
	assert_null(late_turn);
}

#endif
