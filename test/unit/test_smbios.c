/* SPDX-License-Identifier: BSD-2-Clause */
/* SMBIOS tables, valid and invalid, built here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/host/smbios.h"
#include "test/unit/roll.h"

enum {
	EFI = 0x1000,
	EFI_TABLE = 0x2000,
	EFI_ENTRY = 0x3000, /* an entry point that EFI tells of */
	STRUCTURES = 0x4000,
	ENTRY = 0xf0120, /* one that a BIOS has */
	MEMORY = 0x100000,
};

static uint8_t memory[MEMORY + 64]; /* what is behind MEMORY is never shown */
static unsigned size;		    /* of the structures */
static struct smbios smbios;

/* What is asked for is given as a copy of just that size: reading more is seen. */
static uint8_t *shown[2048];
static unsigned nshown;

static const void *see(void *ctx, uint64_t pa, uint64_t n)
{
	(void)ctx;
	if (pa >= MEMORY || n > MEMORY - pa || nshown == sizeof(shown) / sizeof(shown[0]))
		return NULL;
	shown[nshown] = malloc(n ? n : 1);
	assert_non_null(shown[nshown]);
	memcpy(shown[nshown], memory + pa, n);
	return shown[nshown++];
}

static const char *read_by(uint64_t efi, unsigned pointer)
{
	const char *error;

	nshown = 0;
	memset(&smbios, 0xaa, sizeof(smbios));
	error = smbios_read(efi, pointer, see, NULL, &smbios);
	while (nshown)
		free(shown[--nshown]);
	return error;
}

static const char *read_bios(void)
{
	return read_by(0, 0);
}

static void put(unsigned at, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		memory[at + i] = (uint8_t)(n >> 8 * i);
}

static void fix_sum(unsigned at, unsigned n, unsigned sum_at)
{
	uint8_t sum = 0;

	memory[at + sum_at] = 0;
	for (unsigned i = 0; i < n; i++)
		sum = (uint8_t)(sum + memory[at + i]);
	memory[at + sum_at] = (uint8_t)-sum;
}

static void put_sm3(unsigned at)
{
	memset(memory + at, 0, 24);
	memcpy(memory + at, "_SM3_", 5);
	memory[at + 6] = 24;
	put(at + 0x0c, size, 4);
	put(at + 0x10, STRUCTURES, 8);
	fix_sum(at, 24, 5);
}

/* length: some firmware says one less than there is. */
static void put_sm(unsigned at, unsigned length)
{
	memset(memory + at, 0, 31);
	memcpy(memory + at, "_SM_", 4);
	memory[at + 5] = (uint8_t)length;
	memcpy(memory + at + 0x10, "_DMI_", 5);
	put(at + 0x16, size, 2);
	put(at + 0x18, STRUCTURES, 4);
	fix_sum(at + 0x10, 15, 5);
	fix_sum(at, length, 4);
}

/* strings[n]: with its NULs. */
static void put_structure(unsigned type, unsigned length, const uint8_t *fields,
			  const char *strings, unsigned n)
{
	unsigned at = STRUCTURES + size;

	memset(memory + at, 0, length);
	memory[at] = (uint8_t)type;
	memory[at + 1] = (uint8_t)length;
	memcpy(memory + at + 4, fields, length - 4);
	memcpy(memory + at + length, strings, n);
	memory[at + length + n] = 0;
	size += length + n + 1;
}

#define STRUCTURE(type, fields, strings)                                                           \
	put_structure(type, 4 + sizeof(fields), fields, strings, sizeof(strings))

static const uint8_t firmware[] = { 1, 2, 0, 0, 3 }, names[] = { 1, 2, 3 };

static void begin(void)
{
	memset(memory, 0, sizeof(memory));
	size = 0;
	STRUCTURE(0, firmware,
		  "SeaBIOS\0 1.16 \0"
		  "04/01/2014");
	STRUCTURE(1, names,
		  "Maker\0System\0"
		  "1");
	put_structure(9, 4, names, "\0", 1); /* without strings */
	STRUCTURE(2, names, "Board's\0X11\x80\n\033z");
	put_structure(127, 4, names, "\0", 1);
}

static void assert_all(void)
{
	assert_string_equal(smbios.vendor, "SeaBIOS");
	assert_string_equal(smbios.version, "1.16");
	assert_string_equal(smbios.date, "04/01/2014");
	assert_string_equal(smbios.system_maker, "Maker");
	assert_string_equal(smbios.system, "System");
	assert_string_equal(smbios.board_maker, "Board's");
	assert_string_equal(smbios.board, "X11???z");
}

static void by_a_bios(void **state)
{
	(void)state;
	begin();
	put_sm3(ENTRY);
	assert_null(read_bios());
	assert_all();
	begin();
	put_sm(ENTRY, 31);
	assert_null(read_bios());
	assert_all();
	begin();
	put_sm(ENTRY, 30);
	assert_null(read_bios());
	assert_all();
	begin();
	put_sm3(0xffff0 - 16); /* the last one that fits */
	assert_null(read_bios());
	/* The newer one counts, wherever it is. */
	begin();
	put_sm(ENTRY, 31);
	memory[ENTRY + 0x18]++;
	fix_sum(ENTRY + 0x10, 15, 5);
	fix_sum(ENTRY, 31, 4);
	put_sm3(ENTRY + 64);
	assert_null(read_bios());
	assert_all();
}

static const uint8_t guid_sm3[] = { 0x44, 0x15, 0xfd, 0xf2, 0x94, 0x97, 0x2c, 0x4a,
				    0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 };
static const uint8_t guid_sm[] = { 0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
				   0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d };

static void put_efi(unsigned pointer, uint64_t entries)
{
	memcpy(memory + EFI, "IBI SYST", 8);
	put(EFI + (pointer == 8 ? 104 : 64), entries, pointer);
	put(EFI + (pointer == 8 ? 112 : 68), EFI_TABLE, pointer);
}

static void put_efi_entry(unsigned pointer, unsigned n, const uint8_t guid[16], uint64_t pa)
{
	unsigned at = EFI_TABLE + n * (16 + pointer);

	memcpy(memory + at, guid, 16);
	put(at + 16, pa, pointer);
}

static void by_efi(void **state)
{
	(void)state;
	for (unsigned pointer = 4; pointer <= 8; pointer += 4) {
		begin();
		put_efi(pointer, 3);
		put_efi_entry(pointer, 2, guid_sm3, EFI_ENTRY);
		put_sm3(EFI_ENTRY);
		assert_null(read_by(EFI, pointer));
		assert_all();
		put_efi_entry(pointer, 1, guid_sm, EFI_ENTRY);
		assert_null(read_by(EFI, pointer)); /* what is no _SM_ is passed over */
		assert_all();
		put_efi_entry(pointer, 2, guid_sm, EFI_ENTRY);
		assert_string_equal(read_by(EFI, pointer), "there is no entry point");
		put_sm(EFI_ENTRY, 31);
		assert_null(read_by(EFI, pointer));
		assert_all();
		put_efi(pointer, 1);
		assert_string_equal(read_by(EFI, pointer), "there is no entry point");
		put_efi(pointer, 1025);
		assert_string_equal(read_by(EFI, pointer),
				    "the EFI system table has an impossible size");
		memory[EFI]++;
		assert_string_equal(read_by(EFI, pointer), "the EFI system table cannot be read");
		assert_string_equal(read_by(UINT64_MAX, pointer),
				    "the EFI system table cannot be read");
	}
}

static void entry_points_are_checked(void **state)
{
	(void)state;
	begin();
	assert_string_equal(read_bios(), "there is no entry point");
	assert_string_equal(smbios.vendor, "");
	put_sm3(ENTRY + 8); /* not at a multiple of 16 */
	assert_string_equal(read_bios(), "there is no entry point");
	for (unsigned i = 0; i < 24; i++) {
		begin();
		put_sm3(ENTRY);
		memory[ENTRY + i]++;
		assert_string_equal(read_bios(), "there is no entry point");
	}
	for (unsigned i = 0; i < 31; i++) {
		begin();
		put_sm(ENTRY, 31);
		memory[ENTRY + i]++;
		assert_string_equal(read_bios(), "there is no entry point");
	}
	for (unsigned length = 0; length < 256; length++) {
		begin();
		put_sm3(ENTRY);
		memory[ENTRY + 6] = (uint8_t)length;
		fix_sum(ENTRY, length > 5 ? length : 24, 5);
		assert_true(!read_bios() == (length >= 24));
	}
	begin();
	put_sm3(0xffff0); /* its end is behind the area's */
	assert_string_equal(read_bios(), "there is no entry point");
}

static void structures_are_checked(void **state)
{
	unsigned whole;

	(void)state;
	begin();
	whole = size;
	for (size = 0; size < whole; size++) { /* cut off anywhere */
		const char *error;

		put_sm3(ENTRY);
		error = read_bios();
		assert_true(size || error);
		assert_true(!error || strstr(error, "structure"));
	}
	begin();
	size = (1 << 20) + 1;
	put_sm3(ENTRY);
	assert_string_equal(read_bios(), "the structures have an impossible size");
	size = 1 << 20;
	put_sm3(ENTRY);
	assert_string_equal(read_bios(), "the structures are where nothing can be read");
	for (unsigned length = 0; length < 4; length++) {
		begin();
		put_sm3(ENTRY);
		memory[STRUCTURES + 1] = (uint8_t)length;
		assert_string_equal(read_bios(), "a structure has an impossible length");
	}
}

static void strange_strings(void **state)
{
	static const uint8_t absent[] = { 0, 200, 0, 0, 3 };
	char longest[200];

	(void)state;
	begin();
	size = 0;
	STRUCTURE(0, absent, "one\0two\0   "); /* the third: blanks only */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	put_structure(2, 5, names, longest, sizeof(longest)); /* too short for a product */
	STRUCTURE(0, firmware, "the first\0counts\0only if it says something");
	put_sm3(ENTRY);
	assert_null(read_bios());
	assert_string_equal(smbios.vendor, "the first");
	assert_string_equal(smbios.version, "counts");
	assert_string_equal(smbios.date, "only if it says something");
	assert_int_equal(strlen(smbios.board_maker), SMBIOS_TEXT_MAX - 1);
	assert_string_equal(smbios.board, "");
}

static void assert_clean(const char *text)
{
	assert_non_null(memchr(text, 0, SMBIOS_TEXT_MAX));
	for (; *text; text++)
		assert_true(*text >= ' ' && *text <= '~');
}

static void damage_never_breaks_it(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		unsigned pointer = roll(2) ? 8 : 4;

		begin();
		put_sm3(EFI_ENTRY);
		put_efi(pointer, 2);
		put_efi_entry(pointer, 1, guid_sm3, EFI_ENTRY);
		for (uint64_t n = roll(12); n--;)
			memory[STRUCTURES + roll(size)] = (uint8_t)(roll(2) ? roll(8) : roll(256));
		if (!roll(4))
			memory[EFI + roll(120)] = (uint8_t)roll(256);
		if (!roll(4))
			memory[EFI_TABLE + roll(48)] = (uint8_t)roll(256);
		read_by(EFI, pointer);
		assert_clean(smbios.vendor);
		assert_clean(smbios.version);
		assert_clean(smbios.date);
		assert_clean(smbios.system_maker);
		assert_clean(smbios.system);
		assert_clean(smbios.board_maker);
		assert_clean(smbios.board);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_a_bios),
		cmocka_unit_test(by_efi),
		cmocka_unit_test(entry_points_are_checked),
		cmocka_unit_test(structures_are_checked),
		cmocka_unit_test(strange_strings),
		cmocka_unit_test(damage_never_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
