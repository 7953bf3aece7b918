/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUs that the firmware tells of: RSDP, RSDT or XSDT, MADT. ACPI
 * specification 6.4, 5.2.5 to 5.2.12. All of it is untrusted bytes. Pure: host
 * tests feed it.
 */
#ifndef KERNEL_HOST_ACPI_H
#define KERNEL_HOST_ACPI_H

#include "kernel/host/firmware.h"
#include "kernel/host/remarks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACPI_CPUS_MAX = 256, ACPI_RSDP_SIZE = 36 };

struct acpi_cpus {
	uint32_t apic_id[ACPI_CPUS_MAX]; /* of those that are enabled, each once, as listed */
	unsigned n;
	unsigned disabled;	/* listed, but not to be started */
	unsigned left_out;	/* enabled, but more than ACPI_CPUS_MAX */
	struct remarks remarks; /* what was odd in the tables that were used, or passed over */
};

/*
 * rsdp: as of the boot information; of an old one the first 20 bytes. NULL: there is a list,
 * which is what could be understood. Or why there is none, in words.
 */
const char *acpi_read_cpus(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			   struct acpi_cpus *cpus);

/*
 * Sees to it that a list that is not empty has the CPU that runs this, whatever the firmware
 * says: it is there. Then there are at most ACPI_CPUS_MAX CPUs with it. True: it was not
 * listed. (Where some are left out, it is taken for one of those.)
 */
bool acpi_count_boot_cpu(struct acpi_cpus *cpus, uint32_t apic_id);

/* The first whole table with this signature, of the XSDT, else of the RSDT; NULL: there is none. */
const uint8_t *acpi_find_table(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			       const char *signature);

#endif
