/* SPDX-License-Identifier: BSD-2-Clause */
/* Intel 8259A data sheet; 82093AA (I/O APIC) data sheet, 3.1 and 3.2. */
#include "kernel/host/pic.h"

#include "kernel/host/lapic.h"
#include "kernel/host/mmu.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"

enum {
	PIC1_COMMAND = 0x20,
	PIC1_DATA = 0x21,
	PIC2_COMMAND = 0xa0,
	PIC2_DATA = 0xa1,
	ICW1_INIT_ICW4 = 0x11, /* edge triggered, cascaded */
	ICW3_PIC1 = 1 << 2,    /* PIC2 is at IRQ2 */
	ICW3_PIC2 = 2,
	ICW4_8086 = 1,
	PIC1_VECTOR = 0x20,
	PIC2_VECTOR = 0x28,

	IOAPIC_SELECT = 0x00,
	IOAPIC_WINDOW = 0x10,
	IOAPIC_SIZE = 0x20,
	IOAPIC_VERSION = 1,
	IOAPIC_ENTRIES = 0x10, /* two registers each */
	ENTRY_MASKED = 1 << 16,
	ENTRY_MODE_SHIFT = 8,
	ENTRY_MODE = 7,
	MODE_SMI = 2,
	MODE_NMI = 4,
};

/* With the firmware's vectors, IRQ0 is #DF. Masking is not enough, since a spurious interrupt
 * is delivered as IRQ7 or IRQ15 even so. */
void pic_silence(void)
{
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
	outb(PIC1_COMMAND, ICW1_INIT_ICW4);
	outb(PIC2_COMMAND, ICW1_INIT_ICW4);
	outb(PIC1_DATA, PIC1_VECTOR);
	outb(PIC2_DATA, PIC2_VECTOR);
	outb(PIC1_DATA, ICW3_PIC1);
	outb(PIC2_DATA, ICW3_PIC2);
	outb(PIC1_DATA, ICW4_8086);
	outb(PIC2_DATA, ICW4_8086);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

static uint32_t ioapic_read(volatile uint32_t *at, unsigned reg)
{
	at[IOAPIC_SELECT / 4] = reg;
	return at[IOAPIC_WINDOW / 4];
}

static void ioapic_write(volatile uint32_t *at, unsigned reg, uint32_t value)
{
	at[IOAPIC_SELECT / 4] = reg;
	at[IOAPIC_WINDOW / 4] = value;
}

/* A deliberate firmware bug: the PIT's interrupt has the vector of #PF on the boot CPU. */
static void leave_interrupt(volatile uint32_t *at)
{
	ioapic_write(at, IOAPIC_ENTRIES + 2 * 2 + 1, lapic_id() << 24);
	ioapic_write(at, IOAPIC_ENTRIES + 2 * 2, VECTOR_PF);
}

static void silence(volatile uint32_t *at)
{
	uint32_t version = ioapic_read(at, IOAPIC_VERSION);

	if (version == UINT32_MAX) /* nothing is there */
		return;
	for (unsigned i = 0; i <= (version >> 16 & 0xff); i++) {
		unsigned reg = IOAPIC_ENTRIES + 2 * i;
		uint32_t mode = ioapic_read(at, reg) >> ENTRY_MODE_SHIFT & ENTRY_MODE;

		if (mode != MODE_SMI && mode != MODE_NMI)
			ioapic_write(at, reg, ENTRY_MASKED);
	}
}

void ioapic_silence(const struct acpi_ioapics *ioapics)
{
	for (unsigned i = 0; i < ioapics->n; i++) {
		uint64_t address = ioapics->address[i];

		if (!address || address % IOAPIC_SIZE)
			continue;
		mmu_map_device(address, IOAPIC_SIZE);
		if (FAULT(IRQ_LEFT) || FAULT(IRQ_KEPT))
			leave_interrupt((volatile uint32_t *)address);
		if (!FAULT(IRQ_KEPT))
			silence((volatile uint32_t *)address);
	}
}
