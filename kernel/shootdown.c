/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/clock.h"
#include "kernel/cpu.h"
#include "kernel/fault.h"
#include "kernel/lapic.h"
#include "kernel/smp.h"
#include "kernel/x86.h"

enum { PATIENCE_US = 20000000 }; /* an emulator's CPU may have to wait for its turn */

/* Whether a CPU may go by what was there before the due-th flush was asked for. */
static bool may_be_stale(const struct tlb_cpu *cpu, const struct tlb_root *root, uint64_t due)
{
	return __atomic_load_n(&cpu->inside, __ATOMIC_SEQ_CST) == root->serial &&
	       __atomic_load_n(&cpu->done, __ATOMIC_ACQUIRE) < due;
}

void tlb_shoot(struct tlb_root *root)
{
	uint64_t due = FAULT(NO_GENERATION) ? root->due : tlb_mark_due(root);
	uint64_t start = rdtsc(), patience = clock_ticks(PATIENCE_US);
	unsigned n = smp_count();

	for (unsigned i = 0; i < n; i++)
		if (may_be_stale(&smp_cpu(i)->tlb, root, due) && !FAULT(NO_KICK))
			lapic_send_fixed(smp_cpu(i)->apic_id, LAPIC_VECTOR_KICK);
	/*
	 * Who is inside leaves without asking for anything that we might hold. (A CPU
	 * whose .done is another root's is inside of that one.)
	 */
	for (unsigned i = 0; i < n && !FAULT(NO_ACK); i++)
		while (may_be_stale(&smp_cpu(i)->tlb, root, due)) {
			if (rdtsc() - start > patience)
				panic("CPU %u was kicked, and does not leave the guest", i);
			cpu_pause();
		}
}
