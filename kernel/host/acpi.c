/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/acpi.h"

#include "kernel/lib/fault.h"
#include "kernel/lib/string.h"

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
	LAPIC_ID_NONE = 0xff, /* broadcast, no CPU's ID */
};

#define X2APIC_ID_NONE UINT32_MAX /* the same */

uint64_t acpi_table_length(const uint8_t *table)
{
	return firmware_number(table + SDT_LENGTH, 4);
}

/*
 * Returns the table at pa if it has this signature; otherwise NULL, and *why is the reason. A
 * wrong checksum is tolerated: in garbage, the signature or the length would be wrong, too.
 */
static const uint8_t *see_table(const struct firmware_reader *r, uint64_t pa, const char *signature,
				struct remarks *remarks, const char **why)
{
	const uint8_t *table = r->see(r->ctx, pa, SDT_HEADER);
	uint64_t length = table ? acpi_table_length(table) : 0;

	*why = NULL;
	if (!table)
		*why = "an ACPI table is where nothing can be read";
	else if (memcmp(table, signature, 4) != 0)
		*why = "an ACPI table has another signature than it should have";
	else if (length < SDT_HEADER || length > SDT_LENGTH_MAX)
		*why = "an ACPI table has an impossible length";
	else if (!(table = r->see(r->ctx, pa, length)))
		*why = "an ACPI table reaches where nothing can be read";
	else if (!firmware_sums_to_zero(table, length) && FAULT(ACPI_SUM))
		*why = "an ACPI table's checksum is wrong";
	else if (!firmware_sums_to_zero(table, length))
		remark(remarks, "an ACPI table's checksum is wrong; the table is used");
	return *why ? NULL : table;
}

static void add_cpu(struct acpi_cpus *cpus, uint32_t id, uint32_t flags)
{
	if (!(flags & FLAG_ENABLED)) {
		cpus->disabled++;
		return;
	}
	/* Some firmware lists a CPU both as a local APIC and as a local x2APIC. */
	for (unsigned i = 0; i < cpus->n; i++)
		if (cpus->apic_id[i] == id)
			return;
	if (cpus->n == ACPI_CPUS_MAX)
		cpus->left_out++;
	else
		cpus->apic_id[cpus->n++] = id;
}

static void add_entry(struct acpi_cpus *cpus, const uint8_t *e)
{
	unsigned size = e[1];

	if (e[0] == MADT_LAPIC && size >= LAPIC_SIZE && e[LAPIC_ID] != LAPIC_ID_NONE)
		add_cpu(cpus, e[LAPIC_ID], (uint32_t)firmware_number(e + LAPIC_FLAGS, 4));
	else if (e[0] == MADT_X2APIC && size >= X2APIC_SIZE &&
		 firmware_number(e + X2APIC_ID, 4) != X2APIC_ID_NONE)
		add_cpu(cpus, (uint32_t)firmware_number(e + X2APIC_ID, 4),
			(uint32_t)firmware_number(e + X2APIC_FLAGS, 4));
}

static bool is_padding(const uint8_t *bytes, uint64_t size)
{
	while (size && !bytes[size - 1])
		size--;
	return !size;
}

const uint8_t *acpi_next_madt_entry(const uint8_t *madt, uint64_t *at, bool *malformed)
{
	uint64_t length = acpi_table_length(madt), here = *at ? *at : MADT_ENTRIES, size;

	*malformed = false;
	if (here >= length || is_padding(madt + here, length - here))
		return NULL;
	size = length - here < 2 ? 0 : madt[here + 1];
	*malformed = size < 2 || size > length - here;
	*at = here + size;
	return *malformed ? NULL : madt + here;
}

/* Returns NULL, or why the MADT is unusable. */
static const char *read_madt(const uint8_t *madt, struct acpi_cpus *cpus)
{
	const uint8_t *entry;
	uint64_t at = 0;
	bool malformed;

	cpus->n = cpus->disabled = cpus->left_out = 0;
	if (acpi_table_length(madt) < MADT_ENTRIES)
		return "the MADT is too short";
	while ((entry = acpi_next_madt_entry(madt, &at, &malformed)))
		add_entry(cpus, entry);
	if (malformed)
		remark(&cpus->remarks, "an entry of the MADT has an impossible length; "
				       "CPUs listed before it count, and none after it");
	return cpus->n ? NULL : "the MADT lists no CPU that is enabled";
}

/* An RSDT (4-byte entries) or XSDT (8-byte entries), and the position in it. */
struct root {
	const uint8_t *table;
	uint64_t length, at;
	unsigned entry_size;
};

/* Returns NULL, or why it cannot be used. */
static const char *open_root(const struct firmware_reader *r, uint64_t pa, unsigned entry_size,
			     struct remarks *remarks, struct root *root)
{
	const char *why;

	*root = (struct root){ .at = SDT_HEADER, .entry_size = entry_size };
	root->table = see_table(r, pa, entry_size == 8 ? "XSDT" : "RSDT", remarks, &why);
	if (root->table)
		root->length = acpi_table_length(root->table);
	return why;
}

/* Returns the next table with this signature; NULL: none left. *why: why one was skipped. */
static const uint8_t *next_table(const struct firmware_reader *r, struct root *root,
				 const char *signature, struct remarks *remarks, const char **why)
{
	while (root->at < root->length && root->length - root->at >= root->entry_size) {
		uint64_t pa = firmware_number(root->table + root->at, root->entry_size);
		const uint8_t *table = r->see(r->ctx, pa, SDT_HEADER);
		const char *error;

		root->at += root->entry_size;
		if (!table || memcmp(table, signature, 4) != 0)
			continue;
		table = see_table(r, pa, signature, remarks, &error);
		if (table)
			return table;
		*why = error;
	}
	return NULL;
}

/* Reads the CPUs from a MADT listed in the RSDT or XSDT at pa. Returns NULL, or why none. */
static const char *read_root(const struct firmware_reader *r, uint64_t pa, unsigned entry_size,
			     struct acpi_cpus *cpus)
{
	const char *last = "there is no MADT", *why;
	const uint8_t *madt;
	struct root root;

	why = open_root(r, pa, entry_size, &cpus->remarks, &root);
	if (why)
		return why;
	while ((madt = next_table(r, &root, "APIC", &cpus->remarks, &last))) {
		last = read_madt(madt, cpus);
		if (!last)
			break;
	}
	return last;
}

static void check_rsdp(const uint8_t *rsdp, bool extended, struct remarks *remarks)
{
	if (!firmware_sums_to_zero(rsdp, RSDP_V1_SIZE) ||
	    (extended && !firmware_sums_to_zero(rsdp, ACPI_RSDP_SIZE)))
		remark(remarks, "the RSDP's checksum is wrong; it is used");
}

const char *acpi_read_cpus(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			   struct acpi_cpus *cpus)
{
	struct firmware_reader r = { see, ctx };
	uint64_t xsdt = rsdp[RSDP_REVISION] >= 2 ? firmware_number(rsdp + RSDP_XSDT, 8) : 0;
	uint64_t rsdt = firmware_number(rsdp + RSDP_RSDT, 4);
	const char *why = NULL;

	memset(cpus, 0, sizeof(*cpus));
	if (memcmp(rsdp, "RSD PTR ", 8) != 0)
		return "the RSDP's signature is wrong";
	check_rsdp(rsdp, xsdt, &cpus->remarks);
	if (xsdt)
		why = read_root(&r, xsdt, 8, cpus);
	if (xsdt && (!why || !rsdt || read_root(&r, rsdt, 4, cpus)))
		return why;
	if (!xsdt)
		return read_root(&r, rsdt, 4, cpus);
	remark(&cpus->remarks, why);
	remark(&cpus->remarks, "so the RSDT is used, not the XSDT");
	return NULL;
}

bool acpi_count_boot_cpu(struct acpi_cpus *cpus, uint32_t apic_id)
{
	bool whole = !cpus->left_out;

	for (unsigned i = 0; i < cpus->n; i++)
		if (cpus->apic_id[i] == apic_id)
			return false;
	if (!cpus->n || FAULT(ACPI_BOOT))
		return false;
	if (cpus->n == ACPI_CPUS_MAX) { /* replaces the last CPU, which is left out instead */
		cpus->n--;
		cpus->left_out += whole;
	}
	cpus->apic_id[cpus->n++] = apic_id;
	return whole;
}

const uint8_t *acpi_find_table(const uint8_t rsdp[ACPI_RSDP_SIZE], firmware_see_fn *see, void *ctx,
			       const char *signature)
{
	struct firmware_reader r = { see, ctx };
	uint64_t xsdt = rsdp[RSDP_REVISION] >= 2 ? firmware_number(rsdp + RSDP_XSDT, 8) : 0;

	if (memcmp(rsdp, "RSD PTR ", 8) != 0)
		return NULL;
	for (unsigned entry_size = 8; entry_size >= 4; entry_size -= 4) {
		uint64_t pa = entry_size == 8 ? xsdt : firmware_number(rsdp + RSDP_RSDT, 4);
		struct remarks ignored = { .n = 0 };
		const uint8_t *table = NULL;
		const char *why;
		struct root root;

		if (pa && !open_root(&r, pa, entry_size, &ignored, &root))
			table = next_table(&r, &root, signature, &ignored, &why);
		if (table)
			return table;
	}
	return NULL;
}
