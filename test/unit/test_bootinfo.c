/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot information, valid and invalid. Each case is in a block of exactly its size, so the
 * address sanitizer detects a read beyond its end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/host/bootinfo.h"
#include "test/unit/roll.h"

enum { END, CMDLINE, LOADER, MEMORY = 6, EFI32 = 11, EFI64 = 12, RSDP_OLD = 14, RSDP_NEW = 15 };

/* Boot information that is being written. */
struct made {
	uint8_t bytes[200000];
	uint32_t size;
};

static struct bootinfo info;
static struct bootinfo_range first_entries[8];

static void put(struct made *m, const void *bytes, size_t n)
{
	memcpy(m->bytes + m->size, bytes, n);
	m->size += (uint32_t)n;
}

static void put32(struct made *m, uint32_t v)
{
	put(m, &v, 4);
}

static void put64(struct made *m, uint64_t v)
{
	put(m, &v, 8);
}

static void set32(struct made *m, uint32_t at, uint32_t v)
{
	memcpy(m->bytes + at, &v, 4);
}

/* A tag of n bytes and its padding. Where it is. */
static uint32_t put_tag(struct made *m, uint32_t type, const void *body, size_t n)
{
	uint32_t at = m->size;

	put32(m, type);
	put32(m, (uint32_t)(8 + n));
	put(m, body, n);
	while (m->size % 8)
		m->bytes[m->size++] = 0xee;
	return at;
}

static void put_entry(struct made *m, uint64_t base, uint64_t length, uint32_t type)
{
	put64(m, base);
	put64(m, length);
	put32(m, type);
	put32(m, 0);
}

/* n entries of 1 page each. */
static uint32_t put_map(struct made *m, unsigned n)
{
	uint32_t at = m->size;

	put32(m, MEMORY);
	put32(m, 16 + 24 * n);
	put32(m, 24);
	put32(m, 0);
	for (unsigned i = 0; i < n; i++)
		put_entry(m, 0x10000 + i * 0x2000, 0x1000, i % 5 + 1);
	return at;
}

static void begin(struct made *m)
{
	m->size = 0;
	put64(m, 0);
}

static void end(struct made *m)
{
	put_tag(m, END, "", 0);
	set32(m, 0, m->size);
}

/* What is found lies in the bytes, whatever they are. */
static void look_for_cmdline(const uint8_t *bytes, size_t size)
{
	size_t n = size;
	const char *found = bootinfo_find_cmdline(bytes, &n);

	if (!found)
		return;
	assert_true((const uint8_t *)found >= bytes + 16 && n <= size);
	assert_true((const uint8_t *)found + n <= bytes + size);
}

static const char *parse(const struct made *m, size_t size)
{
	uint8_t *exact = malloc(size);
	const char *error;

	memcpy(exact, m->bytes, size);
	look_for_cmdline(exact, size);
	memset(&info, 0xaa, sizeof(info));
	error = bootinfo_parse(exact, size, &info);
	for (unsigned i = 0; !error && i < info.nmap; i++) /* all may be read */
		first_entries[i % 8] = bootinfo_range(&info, i);
	free(exact);
	return error;
}

static void assert_good(const struct made *m)
{
	assert_null(parse(m, m->size));
}

static void assert_bad(const struct made *m, const char *part)
{
	const char *error = parse(m, m->size);

	assert_non_null(error);
	if (!strstr(error, part))
		fail_msg("\"%s\" has no \"%s\"", error, part);
}

/* It is used, and this is said of it; NULL: nothing. */
static void assert_odd(const struct made *m, const char *part)
{
	assert_good(m);
	assert_int_equal(info.remarks.n, part != NULL);
	if (part && !strstr(info.remarks.text[0], part))
		fail_msg("\"%s\" has no \"%s\"", info.remarks.text[0], part);
}

static void make_good(struct made *m)
{
	uint8_t rsdp[36];

	memset(rsdp, 'r', sizeof(rsdp));
	begin(m);
	put_tag(m, CMDLINE, "run=hello trace", 16);
	put_tag(m, 77, "what nobody knows", 17);
	put_tag(m, LOADER, "GRUB 2.06", 10);
	put_map(m, 3);
	put_tag(m, EFI64, "address", 8);
	put_tag(m, RSDP_NEW, rsdp, 36);
	end(m);
}

static void good_is_read(void **state)
{
	struct made m;

	(void)state;
	make_good(&m);
	assert_int_equal(bootinfo_size(m.bytes), m.size);
	assert_good(&m);
	assert_string_equal(info.cmdline, "run=hello trace");
	assert_string_equal(info.loader, "GRUB 2.06");
	assert_int_equal(info.nmap, 3);
	assert_int_equal(first_entries[2].base, 0x14000);
	assert_int_equal(first_entries[2].length, 0x1000);
	assert_int_equal(first_entries[2].type, 3);
	assert_int_equal(info.remarks.n, 0);
	assert_true(info.efi);
	assert_true(info.has_rsdp);
	assert_int_equal(info.rsdp[35], 'r');
}

static void the_least_is_a_map(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	put_map(&m, 1);
	end(&m);
	assert_good(&m);
	assert_string_equal(info.cmdline, "");
	assert_string_equal(info.loader, "");
	assert_false(info.efi);
	assert_false(info.has_rsdp);

	begin(&m);
	end(&m);
	assert_bad(&m, "no memory map");
	begin(&m);
	put_map(&m, 0);
	end(&m);
	assert_bad(&m, "no memory map");
}

static void bytes_behind_the_end_do_not_matter(void **state)
{
	struct made m;

	(void)state;
	make_good(&m);
	put_tag(&m, CMDLINE, "other", 6); /* behind the end tag */
	set32(&m, 0, m.size);
	assert_good(&m);
	assert_string_equal(info.cmdline, "run=hello trace");
}

static void total_size_is_checked(void **state)
{
	static const uint32_t none[] = { 0, 1, 7, 8, 15 };
	struct made m;

	(void)state;
	make_good(&m);
	for (unsigned i = 0; i < 5; i++) {
		set32(&m, 0, none[i]);
		assert_int_equal(bootinfo_size(m.bytes), 0);
		assert_bad(&m, "size is impossible");
	}
	set32(&m, 0, m.size + 1);
	assert_bad(&m, "size is impossible");
	set32(&m, 0, UINT32_MAX);
	assert_bad(&m, "size is impossible");
}

/* Whether it is less than it says, or says less than it has. */
static void cut_off_anywhere_is_bad(void **state)
{
	struct made m;

	(void)state;
	make_good(&m);
	for (uint32_t n = 0; n < m.size; n++) {
		struct made cut = m;

		assert_non_null(parse(&m, n));
		set32(&cut, 0, n);
		assert_non_null(parse(&cut, n));
		assert_non_null(parse(&cut, m.size));
	}
}

static void tag_sizes_are_checked(void **state)
{
	static const uint32_t bad[] = { 0,	    1,		7,	    0x10000,
					0x7fffffff, 0xfffffff8, 0xfffffff9, UINT32_MAX };
	struct made m;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (uint32_t type = 0; type < 16; type++) {
			uint32_t at;

			begin(&m);
			put_map(&m, 1);
			at = put_tag(&m, type, "0123456", 8);
			set32(&m, at + 4, bad[i]);
			end(&m);
			assert_bad(&m, "impossible size");
		}
}

static void the_end_tag_is_needed(void **state)
{
	struct made m;

	(void)state;
	begin(&m);
	put_map(&m, 2);
	set32(&m, 0, m.size);
	assert_bad(&m, "no end tag");
	for (uint32_t spare = 1; spare < 8; spare++) {
		put(&m, "", 1);
		set32(&m, 0, m.size);
		assert_bad(&m, "no end tag");
	}
	/* The last tag's padding is not there. */
	begin(&m);
	put_map(&m, 1);
	put_tag(&m, 77, "abc", 3);
	set32(&m, 0, m.size -= 5);
	assert_bad(&m, "no end tag");
}

static void texts_that_do_not_fit_are_cut(void **state)
{
	static const struct {
		uint32_t type, max;
	} texts[] = { { CMDLINE, BOOTINFO_CMDLINE_MAX }, { LOADER, BOOTINFO_LOADER_MAX } };
	char text[BOOTINFO_CMDLINE_MAX + 2];
	struct made m;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (uint32_t n = 0; n <= texts[i].max + 1; n++)
			for (unsigned ends = 0; ends < 2; ends++) {
				bool cut = n >= texts[i].max;

				memset(text, 'x', n);
				text[n] = 0;
				begin(&m);
				put_map(&m, 1);
				put_tag(&m, texts[i].type, text, n + ends);
				end(&m);
				if (i)
					assert_odd(&m, cut || !ends ? "loader's name is" : NULL);
				else
					assert_odd(&m, !cut && !ends ? "has no NUL" : NULL);
				assert_int_equal(strlen(i ? info.loader : info.cmdline),
						 cut ? texts[i].max - 1 : n);
				assert_int_equal(info.cmdline_cut, !i && cut);
			}
}

static void the_efi_system_table(void **state)
{
	struct made m;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		static const uint64_t address = UINT64_C(0x1234567890);
		unsigned pointer = i / 2 ? 8 : 4;

		begin(&m);
		put_map(&m, 1);
		put_tag(&m, pointer == 8 ? EFI64 : EFI32, &address, pointer - i % 2);
		end(&m);
		assert_good(&m);
		assert_true(info.efi);
		assert_int_equal(info.efi_pointer, i % 2 ? 0 : pointer);
		assert_int_equal(info.efi_table, i % 2	      ? 0 :
						 pointer == 8 ? address :
								(uint32_t)address);
	}
}

/* Also where nothing else can be believed. */
static void the_command_line_is_found(void **state)
{
	struct made m;
	const char *found;
	size_t n;

	(void)state;
	begin(&m);
	put_tag(&m, LOADER, "GRUB", 4);
	put_tag(&m, CMDLINE, "exit=qemu", 10);
	n = m.size;
	found = bootinfo_find_cmdline(m.bytes, &n);
	assert_non_null(found);
	assert_int_equal(n, 10);
	assert_string_equal(found, "exit=qemu");
	n = m.size - 8; /* it is cut off */
	found = bootinfo_find_cmdline(m.bytes, &n);
	assert_int_equal(n, 8);
	assert_int_equal(strncmp(found, "exit=qemu", n), 0);
	begin(&m);
	end(&m);
	put_tag(&m, CMDLINE, "exit=qemu", 10); /* behind the end */
	n = m.size;
	assert_null(bootinfo_find_cmdline(m.bytes, &n));
	n = 0;
	assert_null(bootinfo_find_cmdline("", &n));
}

static void map_entry_sizes(void **state)
{
	struct made m;

	(void)state;
	for (uint32_t size = 0; size < 100; size++) {
		uint32_t at;

		begin(&m);
		at = put_map(&m, 0);
		set32(&m, at + 8, size);
		set32(&m, at + 4, 16 + 2 * size);
		for (unsigned i = 0; i < 2; i++) {
			put_entry(&m, 0x1000 + i, 0x1000, 1);
			m.size += size;
			m.size -= 24;
		}
		while (m.size % 8)
			m.size++;
		end(&m);
		if (size < 24 || size % 8) {
			assert_bad(&m, "no memory map");
			assert_non_null(strstr(info.remarks.text[0], "impossible size"));
		} else {
			assert_good(&m);
			assert_int_equal(info.nmap, 2);
			assert_int_equal(first_entries[1].base, 0x1001);
		}
	}
}

static void map_tags_are_checked(void **state)
{
	struct made m;

	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		begin(&m);
		put_tag(&m, MEMORY, "\30\0\0\0\0\0\0", n);
		end(&m);
		assert_bad(&m, "no memory map");
		assert_non_null(strstr(info.remarks.text[0], "too short"));
	}
	for (uint32_t n = 1; n < 24; n++) {
		uint32_t at;

		begin(&m);
		at = put_map(&m, 3);
		set32(&m, at + 4, 16 + 2 * 24 + n);
		m.size = at + (16 + 2 * 24 + n + 7) / 8 * 8;
		end(&m);
		assert_odd(&m, "ends within an entry");
		assert_int_equal(info.nmap, 2);
	}
	/* One that is of no use does not spoil one that is; of two, one is used. */
	begin(&m);
	put_tag(&m, MEMORY, "\30\0\0\0\0\0\0", 7);
	put_map(&m, 3);
	end(&m);
	assert_odd(&m, "too short");
	assert_int_equal(info.nmap, 3);
	begin(&m);
	put_map(&m, 3);
	put_map(&m, 2);
	end(&m);
	assert_odd(&m, "more than one");
	assert_int_equal(info.nmap, 3);
}

static void a_map_of_any_length(void **state)
{
	struct made m;

	(void)state;
	for (unsigned n = 1; n < 9000; n = n * 3 - 1) {
		begin(&m);
		put_map(&m, n);
		end(&m);
		assert_odd(&m, NULL);
		assert_int_equal(info.nmap, n);
		assert_int_equal(first_entries[(n - 1) % 8].base, 0x10000 + (n - 1) * 0x2000);
	}
}

/* What they mean is memmap.c's. */
static void map_entries_are_given_as_they_are(void **state)
{
	static const uint64_t entries[][2] = { { 0, UINT64_MAX },
					       { 0xfffffffffffff000, 0x1000 },
					       { UINT64_MAX, UINT64_MAX },
					       { 7, 0 } };
	struct made m;
	uint32_t at;

	(void)state;
	begin(&m);
	at = put_map(&m, 0);
	set32(&m, at + 4, 16 + 4 * 24);
	for (unsigned i = 0; i < 4; i++)
		put_entry(&m, entries[i][0], entries[i][1], 1 + i);
	end(&m);
	assert_odd(&m, NULL);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(first_entries[i].base, entries[i][0]);
		assert_int_equal(first_entries[i].length, entries[i][1]);
		assert_int_equal(first_entries[i].type, 1 + i);
	}
}

static void the_newer_rsdp_is_taken(void **state)
{
	uint8_t old[20], new[36];
	struct made m;

	(void)state;
	memset(old, 'o', sizeof(old));
	memset(new, 'n', sizeof(new));
	for (unsigned order = 0; order < 4; order++) {
		begin(&m);
		put_map(&m, 1);
		if (order < 3)
			put_tag(&m, order ? RSDP_OLD : RSDP_NEW, order ? old : new,
				order ? 20 : 36);
		if (order != 2)
			put_tag(&m, order ? RSDP_NEW : RSDP_OLD, order ? new : old,
				order ? 36 : 20);
		end(&m);
		assert_good(&m);
		assert_true(info.has_rsdp);
		assert_int_equal(info.rsdp[0], order == 2 ? 'o' : 'n');
		assert_int_equal(info.rsdp[35], order == 2 ? 0 : 'n');
	}
	begin(&m);
	put_map(&m, 1);
	put_tag(&m, RSDP_OLD, old, 19);
	put_tag(&m, RSDP_NEW, new, 35);
	end(&m);
	assert_odd(&m, "RSDP");
	assert_false(info.has_rsdp);
}

static void assert_sane(void)
{
	assert_true(info.nmap >= 1);
	assert_true(memchr(info.cmdline, 0, sizeof(info.cmdline)));
	assert_true(memchr(info.loader, 0, sizeof(info.loader)));
}

/* Good information with a few bytes, or a tag's size, changed. */
static void damage_never_breaks_it(void **state)
{
	unsigned good = 0, bad = 0;
	struct made m, made_good;

	(void)state;
	make_good(&made_good);
	for (unsigned round = 0; round < 40000; round++) {
		memcpy(&m, &made_good, made_good.size);
		m.size = made_good.size;
		for (uint64_t n = roll(6) + 1; n--;) {
			uint32_t at = (uint32_t)roll(m.size);

			if (roll(2))
				m.bytes[at] = (uint8_t)roll_bits();
			else
				set32(&m, at / 4 * 4, (uint32_t)roll(roll(2) ? 64 : m.size + 8));
		}
		if (parse(&m, m.size)) {
			bad++;
		} else {
			good++;
			assert_sane();
		}
	}
	assert_true(good > 1000 && bad > 1000);
}

static void noise_never_breaks_it(void **state)
{
	struct made m;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		m.size = (uint32_t)roll(200);
		for (uint32_t i = 0; i < m.size; i++)
			m.bytes[i] = (uint8_t)(roll(3) ? roll(32) : roll_bits());
		if (roll(4))
			set32(&m, 0, m.size);
		if (!parse(&m, m.size))
			assert_sane();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_is_read),
		cmocka_unit_test(the_least_is_a_map),
		cmocka_unit_test(bytes_behind_the_end_do_not_matter),
		cmocka_unit_test(total_size_is_checked),
		cmocka_unit_test(cut_off_anywhere_is_bad),
		cmocka_unit_test(tag_sizes_are_checked),
		cmocka_unit_test(the_end_tag_is_needed),
		cmocka_unit_test(texts_that_do_not_fit_are_cut),
		cmocka_unit_test(the_efi_system_table),
		cmocka_unit_test(the_command_line_is_found),
		cmocka_unit_test(map_entry_sizes),
		cmocka_unit_test(map_tags_are_checked),
		cmocka_unit_test(a_map_of_any_length),
		cmocka_unit_test(map_entries_are_given_as_they_are),
		cmocka_unit_test(the_newer_rsdp_is_taken),
		cmocka_unit_test(damage_never_breaks_it),
		cmocka_unit_test(noise_never_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
