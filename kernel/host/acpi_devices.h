/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices listed by the firmware: the power management timer (FADT) and I/O
 * APICs (MADT). ACPI specification 6.4, 5.2.9 and 5.2.12.3. Untrusted input; pure.
 */
#ifndef KERNEL_HOST_ACPI_DEVICES_H
#define KERNEL_HOST_ACPI_DEVICES_H

#include "kernel/host/acpi.h"

struct acpi_pm_timer {
	uint64_t address; /* port, or physical address; 0: there is no timer */
	bool in_memory;	  /* memory mapped, not an I/O port */
	unsigned bits;	  /* 24 or 32 */
};

/* Returns false, with *timer all zeroes, if there is no timer or it cannot be parsed. */
bool acpi_read_pm_timer(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			struct acpi_pm_timer *timer);

enum { ACPI_IOAPICS_MAX = 64 };

struct acpi_ioapics {
	uint64_t address[ACPI_IOAPICS_MAX];
	unsigned n;
};

/* Lists I/O APICs up to the first malformed MADT entry, at most ACPI_IOAPICS_MAX. */
void acpi_read_ioapics(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
		       struct acpi_ioapics *ioapics);

#endif
