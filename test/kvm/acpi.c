/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables by which nestbox finds its CPUs. ACPI specification 6.5, 5.2. */
#include "test/kvm/vmm.h"

#include <string.h>

struct rsdp { /* 5.2.5.3 */
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

struct header { /* 5.2.6 */
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

struct xsdt { /* 5.2.8 */
	struct header header;
	uint64_t madt;
} __attribute__((packed));

struct madt { /* 5.2.12 */
	struct header header;
	uint32_t lapic_address, flags;
	struct { /* 5.2.12.2 */
		uint8_t type, length, processor, apic_id;
		uint32_t flags;
	} __attribute__((packed)) lapics[CPUS_MAX];
} __attribute__((packed));

enum {
	RSDP_V1_SIZE = 20,
	RSDP_REVISION = 2,
	XSDT_AT = ROM_AT + 0x40,
	MADT_AT = ROM_AT + 0x80,
	MADT_REVISION = 5,
	LAPIC = 0,
	LAPIC_SIZE = 8,
	LAPIC_ENABLED = 1 << 0,
};

#define LAPIC_ADDRESS 0xfee00000u

_Static_assert(sizeof(struct rsdp) == 36 && sizeof(struct header) == 36, "5.2.5.3, 5.2.6");
_Static_assert(XSDT_AT + sizeof(struct xsdt) <= MADT_AT, "tables do not overlap");

static uint8_t checksum(const void *table, size_t size)
{
	const uint8_t *bytes = table;
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	return (uint8_t)-sum;
}

static void finish(struct header *h, const char *signature, uint8_t revision, size_t size)
{
	memcpy(h->signature, signature, sizeof(h->signature));
	memcpy(h->oem, "NSTBOX", sizeof(h->oem));
	h->length = (uint32_t)size;
	h->revision = revision;
	h->checksum = checksum(h, size);
}

static void make_madt(struct madt *madt)
{
	for (unsigned i = 0; i < options.cpus; i++) {
		madt->lapics[i].type = LAPIC;
		madt->lapics[i].length = LAPIC_SIZE;
		madt->lapics[i].processor = (uint8_t)i;
		madt->lapics[i].apic_id = (uint8_t)i;
		madt->lapics[i].flags = LAPIC_ENABLED;
	}
	madt->lapic_address = LAPIC_ADDRESS;
	finish(&madt->header, "APIC", MADT_REVISION,
	       offsetof(struct madt, lapics) + options.cpus * sizeof(madt->lapics[0]));
}

const void *make_acpi(uint8_t *ram, size_t *size)
{
	struct rsdp *rsdp = (void *)(ram + ROM_AT);
	struct xsdt *xsdt = (void *)(ram + XSDT_AT);

	make_madt((void *)(ram + MADT_AT));
	xsdt->madt = MADT_AT;
	finish(&xsdt->header, "XSDT", 1, sizeof(*xsdt));
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem, "NSTBOX", sizeof(rsdp->oem));
	rsdp->revision = RSDP_REVISION;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = XSDT_AT;
	rsdp->checksum = checksum(rsdp, RSDP_V1_SIZE);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
	*size = sizeof(*rsdp);
	return rsdp;
}
