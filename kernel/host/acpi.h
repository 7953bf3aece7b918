/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUs listed by the firmware: RSDP, RSDT or XSDT, MADT. ACPI specification 6.4,
 * 5.2.5 to 5.2.12. All input is untrusted. Pure, so that host tests can feed it.
 */
#ifndef KERNEL_HOST_ACPI_H
#define KERNEL_HOST_ACPI_H

#include "kernel/host/firmware.h"
#include "kernel/host/remarks.h"
#include "kernel/lib/must_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACPI_CPUS_MAX = 256, ACPI_RSDP_SIZE = 36 };

struct acpi_cpus {
	uint32_t apic_id[ACPI_CPUS_MAX]; /* of enabled CPUs, no duplicates, in MADT order */
	unsigned n;
	unsigned disabled;	/* listed as not enabled */
	unsigned left_out;	/* enabled CPUs in excess of ACPI_CPUS_MAX */
	struct remarks remarks; /* oddities in tables that were used or skipped */
};

/*
 * Fills *cpus with all that can be parsed. rsdp: from the boot information; of an ACPI 1.0
 * RSDP only the first 20 bytes are used. Returns NULL if at least one CPU was found. Otherwise
 * returns the reason, and cpus->n is 0. cpus->remarks is valid in either case.
 */
MUST_CHECK
const char *acpi_read_cpus(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			   struct acpi_cpus *cpus);

/*
 * Adds the boot CPU to a nonempty list that lacks it, since it exists whatever the firmware
 * says. If the list is full, it replaces the last CPU, which is then left out. Returns true
 * if the firmware did not list it. (If CPUs were left out, it is assumed to be one of them.)
 */
bool acpi_count_boot_cpu(struct acpi_cpus *cpus, uint32_t apic_id);

/*
 * Returns the next entry of a MADT; its size in bytes, at least 2, is its second byte. *at is the
 * position: 0 at first. NULL: none is left, or, with *malformed set, its size is impossible.
 */
const uint8_t *acpi_next_madt_entry(const uint8_t *madt, uint64_t *at, bool *malformed);

/* A table's length in bytes, from its header. */
uint64_t acpi_table_length(const uint8_t *table);

/* The first usable table with this signature in the XSDT, or else in the RSDT. NULL: none. */
const uint8_t *acpi_find_table(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			       const char *signature);

#endif
