/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/smbios.h"

#include "kernel/lib/string.h"

#include <stdbool.h>

enum {
	/* A BIOS has its entry point in this area, at a multiple of 16: 5.2. */
	BIOS_AREA = 0xf0000,
	BIOS_AREA_SIZE = 0x10000,
	PARAGRAPH = 16,

	/* 5.2.2: "_SM3_". */
	SM3_LENGTH = 0x06,
	SM3_TABLE_SIZE = 0x0c,
	SM3_TABLE = 0x10,
	SM3_SIZE = 0x18,
	/* 5.2.1: "_SM_". Version 2.1 of the specification stated its length as one less. */
	SM_LENGTH = 0x05,
	SM_DMI = 0x10,
	SM_TABLE_SIZE = 0x16,
	SM_TABLE = 0x18,
	SM_SIZE = 0x1f,
	TABLE_SIZE_MAX = 1 << 20,

	/* 6.1.2 */
	HEADER_SIZE = 4,
	TYPE_FIRMWARE = 0,
	TYPE_SYSTEM = 1,
	TYPE_BOARD = 2,
	TYPE_END = 127,

	/* UEFI specification 2.10, 4.3 and 4.6. */
	EFI_ENTRIES_MAX = 1024,
	EFI_GUID_SIZE = 16,
};

/* EFI_SMBIOS3_TABLE_GUID, EFI_SMBIOS_TABLE_GUID. */
static const uint8_t guid_sm3[EFI_GUID_SIZE] = { 0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a,
						 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 };
static const uint8_t guid_sm[EFI_GUID_SIZE] = { 0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
						0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d };

/* Location of the structures, in bytes. */
struct table {
	uint64_t pa, size;
};

/* Entry points; room: readable bytes. */

static bool parse_sm3(const uint8_t *e, uint64_t room, struct table *table)
{
	if (room < SM3_SIZE || memcmp(e, "_SM3_", 5) != 0 || e[SM3_LENGTH] < SM3_SIZE ||
	    e[SM3_LENGTH] > room || !firmware_sums_to_zero(e, e[SM3_LENGTH]))
		return false;
	*table = (struct table){ firmware_number(e + SM3_TABLE, 8),
				 firmware_number(e + SM3_TABLE_SIZE, 4) };
	return true;
}

static bool parse_sm(const uint8_t *e, uint64_t room, struct table *table)
{
	if (room < SM_SIZE || memcmp(e, "_SM_", 4) != 0 || e[SM_LENGTH] < SM_SIZE - 1 ||
	    e[SM_LENGTH] > room || !firmware_sums_to_zero(e, e[SM_LENGTH]) ||
	    memcmp(e + SM_DMI, "_DMI_", 5) != 0 ||
	    !firmware_sums_to_zero(e + SM_DMI, SM_SIZE - SM_DMI))
		return false;
	*table = (struct table){ firmware_number(e + SM_TABLE, 4),
				 firmware_number(e + SM_TABLE_SIZE, 2) };
	return true;
}

static const char *find_in_bios(const struct firmware_reader *r, struct table *table)
{
	const uint8_t *area = r->see(r->ctx, BIOS_AREA, BIOS_AREA_SIZE);

	for (unsigned at = 0; area && at < BIOS_AREA_SIZE; at += PARAGRAPH)
		if (parse_sm3(area + at, BIOS_AREA_SIZE - at, table))
			return NULL;
	for (unsigned at = 0; area && at < BIOS_AREA_SIZE; at += PARAGRAPH)
		if (parse_sm(area + at, BIOS_AREA_SIZE - at, table))
			return NULL;
	return "there is no entry point";
}

static bool parse_at(const struct firmware_reader *r, uint64_t pa, bool is_sm3, struct table *table)
{
	uint64_t size = is_sm3 ? SM3_SIZE : SM_SIZE;
	const uint8_t *e = r->see(r->ctx, pa, size);

	return e && (is_sm3 ? parse_sm3(e, size, table) : parse_sm(e, size, table));
}

/* Prefers the newer entry point if there are both. */
static const char *find_in_efi(const struct firmware_reader *r, uint64_t efi, unsigned pointer,
			       struct table *table)
{
	unsigned count_at = pointer == 8 ? 104 : 64, entries_at = count_at + pointer;
	const uint8_t *system = r->see(r->ctx, efi, entries_at + pointer);
	uint64_t count, entries, size = EFI_GUID_SIZE + pointer;
	bool found = false;

	if (!system || memcmp(system, "IBI SYST", 8) != 0)
		return "the EFI system table cannot be read";
	count = firmware_number(system + count_at, pointer);
	entries = firmware_number(system + entries_at, pointer);
	if (count > EFI_ENTRIES_MAX)
		return "the EFI system table has an impossible size";
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *e = r->see(r->ctx, entries + i * size, size);
		uint64_t pa = e ? firmware_number(e + EFI_GUID_SIZE, pointer) : 0;

		if (e && memcmp(e, guid_sm3, EFI_GUID_SIZE) == 0 && parse_at(r, pa, true, table))
			return NULL;
		if (e && memcmp(e, guid_sm, EFI_GUID_SIZE) == 0 && !found)
			found = parse_at(r, pa, false, table);
	}
	return found ? NULL : "there is no entry point";
}

/* Structures. */

struct structure {
	const uint8_t *bytes, *strings, *end;
	unsigned length; /* of the part before the strings */
};

/* Copies the string whose number is at offset field, unless out is already set. */
static void take_text(const struct structure *s, unsigned field, char out[SMBIOS_TEXT_MAX])
{
	unsigned number = field < s->length ? s->bytes[field] : 0, n = 0;
	const uint8_t *at = s->strings;

	if (!number || out[0])
		return;
	while (--number) {
		while (at < s->end && *at)
			at++;
		if (at == s->end)
			return;
		at++;
	}
	while (at < s->end && *at == ' ')
		at++;
	for (; at < s->end && *at && n < SMBIOS_TEXT_MAX - 1; at++)
		out[n++] = *at < ' ' || *at > '~' ? '?' : (char)*at;
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = 0;
}

static void take(const struct structure *s, struct smbios *out)
{
	switch (s->bytes[0]) {
	case TYPE_FIRMWARE: /* 7.1 */
		take_text(s, 4, out->vendor);
		take_text(s, 5, out->version);
		take_text(s, 8, out->date);
		break;
	case TYPE_SYSTEM: /* 7.2 */
		take_text(s, 4, out->system_maker);
		take_text(s, 5, out->system);
		break;
	case TYPE_BOARD: /* 7.3 */
		take_text(s, 4, out->board_maker);
		take_text(s, 5, out->board);
		break;
	}
}

/* Two NULs end a structure's strings. A structure without strings has just the two NULs. */
static const uint8_t *end_of_strings(const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= 2; at++)
		if (!at[0] && !at[1])
			return at;
	return NULL;
}

static const char *parse_structures(const uint8_t *at, uint64_t size, struct smbios *out)
{
	const uint8_t *end = at + size;

	while (end - at >= HEADER_SIZE && at[0] != TYPE_END) {
		struct structure s = { .bytes = at, .length = at[1] };

		if (s.length < HEADER_SIZE || s.length > end - at)
			return "a structure has an impossible length";
		s.strings = at + s.length;
		s.end = end_of_strings(s.strings, end);
		if (!s.end)
			return "a structure's strings do not end";
		take(&s, out);
		at = s.end + 2;
	}
	return NULL;
}

const char *smbios_read(uint64_t efi, unsigned pointer, firmware_see_fn *see, void *ctx,
			struct smbios *smbios)
{
	struct firmware_reader r = { see, ctx };
	struct table table = { 0, 0 };
	const char *error =
		pointer ? find_in_efi(&r, efi, pointer, &table) : find_in_bios(&r, &table);
	const uint8_t *bytes;

	memset(smbios, 0, sizeof(*smbios));
	if (error)
		return error;
	if (!table.size || table.size > TABLE_SIZE_MAX)
		return "the structures have an impossible size";
	bytes = see(ctx, table.pa, table.size);
	return bytes ? parse_structures(bytes, table.size, smbios) :
		       "the structures are where nothing can be read";
}
