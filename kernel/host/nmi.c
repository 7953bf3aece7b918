/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/nmi.h"

#include "kernel/host/lapic.h"
#include "kernel/host/port_b.h"
#include "kernel/host/trap.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/log.h"
#include "kernel/lib/x86.h"

#include <stddef.h>

static bool has_port;
static uint64_t unknown;

static uint8_t complaints(void)
{
	uint8_t value = has_port ? inb(PORT_B) : 0;

	/* A deliberate hardware fault: a device signals SERR#. */
	if (FAULT(NMI_SERR) && has_port)
		value |= PORT_B_SERR;
	return value == PORT_B_ABSENT ? 0 : value & (PORT_B_SERR | PORT_B_IOCHK);
}

static const char *words_for(uint8_t bits)
{
	if (bits & PORT_B_SERR)
		return "the hardware reports a system error (SERR#, port 61h bit 7): a memory or PCI "
		       "error of this machine; see the firmware's event log";
	return bits ? "the hardware reports an error of an add-in card (IOCHK#, port 61h bit 6); see "
		      "the firmware's event log" :
		      NULL;
}

/* NMIs may merge, so fewer may arrive than were sent. One beyond that number is unknown. */
static void came(struct cpu *cpu)
{
	cpu->nmis++;
	if (__atomic_load_n(&cpu->nmis_sent, __ATOMIC_SEQ_CST) != cpu->nmis_taken)
		cpu->nmis_taken++;
	else
		__atomic_fetch_add(&unknown, 1, __ATOMIC_RELAXED);
}

void nmi_init(void)
{
	uint8_t value = inb(PORT_B), off = PORT_B_SERR_OFF | PORT_B_IOCHK_OFF;
	const char *before;

	trap_set_nmi_handler(came);
	if (value == PORT_B_ABSENT)
		return;
	before = words_for(value & (PORT_B_SERR | PORT_B_IOCHK));
	if (before) {
		note("before nestbox: %s", before);
		outb(PORT_B, (value & PORT_B_WRITABLE) | off);
		outb(PORT_B, (uint8_t)(value & PORT_B_WRITABLE & ~off));
	}
	has_port = true;
	if (complaints() && !FAULT(NMI_SERR)) {
		note("  and that cannot be cleared: it is not looked at any more");
		has_port = false;
	}
}

void nmi_send(struct cpu *cpu)
{
	__atomic_fetch_add(&cpu->nmis_sent, 1, __ATOMIC_SEQ_CST);
	lapic_send_nmi(cpu->apic_id);
}

const char *nmi_complaint(void)
{
	return words_for(complaints());
}

uint64_t nmi_unknown(void)
{
	return __atomic_load_n(&unknown, __ATOMIC_RELAXED);
}
