/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/acpi_devices.h"

#include "kernel/lib/string.h"

enum {
	/* FADT, 5.2.9. */
	FADT_PM_TMR_BLK = 76,
	FADT_PM_TMR_LEN = 91,
	FADT_FLAGS = 112,
	FADT_FLAGS_END = 116,
	FADT_TMR_VAL_EXT = 1 << 8, /* 32 bits, not 24 */
	FADT_X_PM_TMR_BLK = 208,
	FADT_X_PM_TMR_END = 220,
	PM_TMR_LEN = 4,

	/* Generic address structure, 5.2.3.2. */
	GAS_SPACE = 0,
	GAS_ADDRESS = 4,
	SPACE_MEMORY = 0,
	SPACE_IO = 1,

	/* An I/O APIC in the MADT, 5.2.12.3. */
	MADT_IOAPIC = 1,
	IOAPIC_SIZE = 12,
	IOAPIC_ADDRESS = 4,

	PORT_MAX = 0xffff,
};

static void read_extended(const uint8_t *gas, struct acpi_pm_timer *timer)
{
	uint64_t address = firmware_number(gas + GAS_ADDRESS, 8);

	if (!address) /* the field is not used */
		return;
	if (gas[GAS_SPACE] == SPACE_MEMORY && address % PM_TMR_LEN == 0 &&
	    address <= UINT64_MAX - PM_TMR_LEN) {
		timer->address = address;
		timer->in_memory = true;
	} else if (gas[GAS_SPACE] == SPACE_IO && address <= PORT_MAX - PM_TMR_LEN) {
		timer->address = address;
	}
}

bool acpi_read_pm_timer(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			struct acpi_pm_timer *timer)
{
	const uint8_t *fadt = acpi_find_table(rsdp, see, ctx, "FACP");
	uint64_t length = fadt ? acpi_table_length(fadt) : 0, port;

	memset(timer, 0, sizeof(*timer));
	if (length < FADT_FLAGS_END || fadt[FADT_PM_TMR_LEN] != PM_TMR_LEN)
		return false;
	timer->bits = firmware_number(fadt + FADT_FLAGS, 4) & FADT_TMR_VAL_EXT ? 32 : 24;
	if (length >= FADT_X_PM_TMR_END)
		read_extended(fadt + FADT_X_PM_TMR_BLK, timer);
	port = firmware_number(fadt + FADT_PM_TMR_BLK, 4);
	if (!timer->address && port <= PORT_MAX - PM_TMR_LEN)
		timer->address = port;
	if (!timer->address)
		memset(timer, 0, sizeof(*timer));
	return timer->address;
}

void acpi_read_ioapics(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
		       struct acpi_ioapics *ioapics)
{
	const uint8_t *madt = acpi_find_table(rsdp, see, ctx, "APIC");
	const uint8_t *e;
	uint64_t at = 0;
	bool malformed;

	ioapics->n = 0;
	while (madt && (e = acpi_next_madt_entry(madt, &at, &malformed)))
		if (e[0] == MADT_IOAPIC && e[1] >= IOAPIC_SIZE && ioapics->n < ACPI_IOAPICS_MAX)
			ioapics->address[ioapics->n++] = firmware_number(e + IOAPIC_ADDRESS, 4);
}
