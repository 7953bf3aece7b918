/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/clock.h"
#include "kernel/cpu.h"
#include "kernel/fault.h"
#include "kernel/lapic.h"
#include "kernel/nmi.h"
#include "kernel/smp.h"

enum { PATIENCE_US = 20000000 }; /* a CPU may have to wait for its turn on the host below */

/* Whether a CPU may go by what was there before the due-th flush was asked for. */
static bool may_be_stale(const struct tlb_cpu *cpu, const struct tlb_root *root, uint64_t due)
{
	return __atomic_load_n(&cpu->inside, __ATOMIC_SEQ_CST) == root->serial &&
	       __atomic_load_n(&cpu->done, __ATOMIC_ACQUIRE) < due;
}

static bool by_nmi;

void tlb_kick_by_nmi(void)
{
	by_nmi = true;
}

static void kick(struct cpu *cpu)
{
	if (by_nmi)
		nmi_send(cpu);
	else
		lapic_send_fixed(cpu->apic_id, LAPIC_VECTOR_KICK);
}

void tlb_shoot(struct tlb_root *root)
{
	uint64_t due = FAULT(NO_GENERATION) ? root->due : tlb_mark_due(root);
	struct clock_patience patience = clock_patience(PATIENCE_US);
	unsigned n = smp_count();

	for (unsigned i = 0; i < n; i++)
		if (may_be_stale(&smp_cpu(i)->tlb, root, due) && !FAULT(NO_KICK))
			kick(smp_cpu(i));
	/* Who is inside leaves without asking for anything that we might hold. */
	for (unsigned i = 0; i < n && !FAULT(NO_ACK); i++)
		while (may_be_stale(&smp_cpu(i)->tlb, root, due))
			if (!clock_is_patient(&patience))
				panic("CPU %u was kicked, and does not leave the guest", i);
}
