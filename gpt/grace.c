/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods. A reader publishes the current generation before it reads the
 * tables. A writer unlinks, starts a new generation, then scans the readers. Both use
 * a locked operation in between, so either the reader does not find what was
 * unlinked, or the writer sees the reader. A reader that started in the new
 * generation or later cannot find it.
 */
#include "tree.h"

void vmm_gpt_register_reader(struct vmm_gpt *gpt, struct vmm_gpt_reader *reader)
{
	*reader = (struct vmm_gpt_reader){ .next = gpt->readers };
	gpt->readers = reader;
}

void vmm_gpt_read_lock(struct vmm_gpt *gpt, struct vmm_gpt_reader *reader)
{
	vmm_gpt_pte_exchange(&reader->since, vmm_gpt_pte_load(&gpt->generation));
}

void vmm_gpt_read_unlock(struct vmm_gpt_reader *reader)
{
	vmm_gpt_pte_exchange(&reader->since, 0);
}

uint64_t vmm_gpt_grace_start(struct vmm_gpt *gpt)
{
	uint64_t generation = vmm_gpt_pte_load(&gpt->generation);

	/* Concurrent callers each get a generation of their own. */
	while (!vmm_gpt_pte_cas(&gpt->generation, &generation, generation + 1))
		;
	return generation + 1;
}

bool vmm_gpt_grace_elapsed(const struct vmm_gpt *gpt, uint64_t cookie)
{
	for (const struct vmm_gpt_reader *s = gpt->readers; s; s = s->next) {
		uint64_t since = vmm_gpt_pte_load(&s->since);

		if (since && since < cookie && !FAULT(GPT_GRACE))
			return false;
	}
	return true;
}
