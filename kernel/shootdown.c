/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/cpu.h"
#include "kernel/lapic.h"
#include "kernel/smp.h"
#include "kernel/x86.h"

/* Whether a CPU may go by what was there before the due-th flush was asked for. */
static bool may_be_stale(const struct tlb_cpu *cpu, const struct tlb_root *root, uint64_t due)
{
	return __atomic_load_n(&cpu->inside, __ATOMIC_SEQ_CST) == root->serial &&
	       __atomic_load_n(&cpu->done, __ATOMIC_ACQUIRE) < due;
}

void tlb_shoot(struct tlb_root *root)
{
	uint64_t due = tlb_mark_due(root);
	unsigned n = smp_count();

	for (unsigned i = 0; i < n; i++)
		if (may_be_stale(&smp_cpu(i)->tlb, root, due))
			lapic_send_fixed(smp_cpu(i)->apic_id, LAPIC_VECTOR_KICK);
	/* Who is inside leaves without asking for anything that we might hold. */
	for (unsigned i = 0; i < n; i++)
		while (may_be_stale(&smp_cpu(i)->tlb, root, due))
			cpu_pause();
}
