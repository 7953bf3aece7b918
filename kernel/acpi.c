/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/acpi.h"

#include "kernel/string.h"

enum {
	RSDP_V1_SIZE = 20,
	RSDP_REVISION = 15,
	RSDP_RSDT = 16,
	RSDP_XSDT = 24,

	/* System description table header, 5.2.6. */
	SDT_LENGTH = 4,
	SDT_HEADER = 36,
	SDT_LENGTH_MAX = 1 << 20,

	/* MADT, 5.2.12. */
	MADT_ENTRIES = SDT_HEADER + 8,
	MADT_LAPIC = 0,	 /* 5.2.12.2 */
	MADT_X2APIC = 9, /* 5.2.12.12 */
	LAPIC_SIZE = 8,
	LAPIC_ID = 3,
	LAPIC_FLAGS = 4,
	X2APIC_SIZE = 16,
	X2APIC_ID = 4,
	X2APIC_FLAGS = 8,
	FLAG_ENABLED = 1 << 0,
	LAPIC_ID_NONE = 0xff, /* broadcast: nobody's */
};

/* A whole table, its checksum right; NULL, and why. */
static const uint8_t *see_table(const struct firmware_reader *r, uint64_t pa, const char **why)
{
	const uint8_t *table = r->see(r->ctx, pa, SDT_HEADER);
	uint64_t length = table ? firmware_number(table + SDT_LENGTH, 4) : 0;

	*why = NULL;
	if (!table)
		*why = "an ACPI table is where nothing can be read";
	else if (length < SDT_HEADER || length > SDT_LENGTH_MAX)
		*why = "an ACPI table has an impossible length";
	else if (!(table = r->see(r->ctx, pa, length)))
		*why = "an ACPI table reaches where nothing can be read";
	else if (!firmware_sums_to_zero(table, length))
		*why = "an ACPI table's checksum is wrong";
	return *why ? NULL : table;
}

static void add_cpu(struct acpi_cpus *cpus, uint32_t id, uint32_t flags)
{
	if (!(flags & FLAG_ENABLED)) {
		cpus->disabled++;
		return;
	}
	/* Some firmware lists a CPU both ways. */
	for (unsigned i = 0; i < cpus->n; i++)
		if (cpus->apic_id[i] == id)
			return;
	if (cpus->n == ACPI_CPUS_MAX)
		cpus->left_out++;
	else
		cpus->apic_id[cpus->n++] = id;
}

static const char *read_madt(const uint8_t *madt, struct acpi_cpus *cpus)
{
	uint64_t length = firmware_number(madt + SDT_LENGTH, 4), at = MADT_ENTRIES, size;

	if (length < MADT_ENTRIES)
		return "the MADT is too short";
	for (; at < length; at += size) {
		const uint8_t *e = madt + at;

		size = length - at < 2 ? 0 : e[1];
		if (size < 2 || size > length - at)
			return "an entry of the MADT has an impossible length";
		if (e[0] == MADT_LAPIC && size >= LAPIC_SIZE && e[LAPIC_ID] != LAPIC_ID_NONE)
			add_cpu(cpus, e[LAPIC_ID], (uint32_t)firmware_number(e + LAPIC_FLAGS, 4));
		else if (e[0] == MADT_X2APIC && size >= X2APIC_SIZE)
			add_cpu(cpus, (uint32_t)firmware_number(e + X2APIC_ID, 4),
				(uint32_t)firmware_number(e + X2APIC_FLAGS, 4));
	}
	return cpus->n ? NULL : "the MADT lists no CPU that is enabled";
}

/* The address of the RSDT or XSDT, and how long its entries are; 0, and why. */
static uint64_t root_of(const uint8_t *rsdp, unsigned *entry_size, const char **why)
{
	bool extended = rsdp[RSDP_REVISION] >= 2 && firmware_number(rsdp + RSDP_XSDT, 8);

	*why = NULL;
	if (memcmp(rsdp, "RSD PTR ", 8) != 0)
		*why = "the RSDP's signature is wrong";
	else if (!firmware_sums_to_zero(rsdp, RSDP_V1_SIZE) ||
		 (extended && !firmware_sums_to_zero(rsdp, ACPI_RSDP_SIZE)))
		*why = "the RSDP's checksum is wrong";
	if (*why)
		return 0;
	*entry_size = extended ? 8 : 4;
	return extended ? firmware_number(rsdp + RSDP_XSDT, 8) :
			  firmware_number(rsdp + RSDP_RSDT, 4);
}

const char *acpi_read_cpus(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			   struct acpi_cpus *cpus)
{
	struct firmware_reader r = { see, ctx };
	const char *why;
	unsigned entry_size = 0;
	uint64_t root_pa = root_of(rsdp, &entry_size, &why);
	const uint8_t *root = why ? NULL : see_table(&r, root_pa, &why);
	uint64_t length;

	memset(cpus, 0, sizeof(*cpus));
	if (!root)
		return why;
	length = firmware_number(root + SDT_LENGTH, 4);
	for (uint64_t at = SDT_HEADER; length - at >= entry_size; at += entry_size) {
		uint64_t pa = firmware_number(root + at, entry_size);
		const uint8_t *table = see(ctx, pa, SDT_HEADER);

		if (!table || memcmp(table, "APIC", 4) != 0)
			continue;
		table = see_table(&r, pa, &why);
		return table ? read_madt(table, cpus) : why;
	}
	return "there is no MADT";
}

const uint8_t *acpi_find_table(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			       const char *signature)
{
	struct firmware_reader r = { see, ctx };
	const char *why;
	unsigned entry_size = 0;
	uint64_t root_pa = root_of(rsdp, &entry_size, &why);
	const uint8_t *root = why ? NULL : see_table(&r, root_pa, &why);
	uint64_t length = root ? firmware_number(root + SDT_LENGTH, 4) : 0;

	for (uint64_t at = SDT_HEADER; at < length && length - at >= entry_size; at += entry_size) {
		uint64_t pa = firmware_number(root + at, entry_size);
		const uint8_t *table = see(ctx, pa, SDT_HEADER);

		if (table && memcmp(table, signature, 4) == 0 && (table = see_table(&r, pa, &why)))
			return table;
	}
	return NULL;
}
