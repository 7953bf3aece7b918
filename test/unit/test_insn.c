/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction decoder: each opcode that it knows, with prefixes, and truncated. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/vm/insn.h"
#include "test/unit/roll.h"

static struct insn insn;

/* From a block of just that size. */
static bool decode(const void *bytes, unsigned n, bool long_mode)
{
	uint8_t *exact = malloc(n ? n : 1);
	bool known;

	memcpy(exact, bytes, n);
	memset(&insn, 0xaa, sizeof(insn));
	known = insn_decode(n ? exact : exact + 1, n, long_mode, &insn);
	free(exact);
	return known;
}

static const struct {
	const char *bytes;
	unsigned length;
	enum vcpu_exit_kind kind;
} plain[] = {
	{ "\xf4", 1, EXIT_HLT },
	{ "\x0f\xa2", 2, EXIT_CPUID },
	{ "\x0f\x30", 2, EXIT_MSR },
	{ "\x0f\x32", 2, EXIT_MSR },
	{ "\x0f\x08", 2, EXIT_CACHE },
	{ "\x0f\x09", 2, EXIT_CACHE },
	{ "\x0f\x01\xc1", 3, EXIT_HYPERCALL },
	{ "\x0f\x01\xd9", 3, EXIT_HYPERCALL },
	{ "\x0f\x01\xd1", 3, EXIT_XSETBV },
	{ "\x0f\x20\xc0", 3, EXIT_CR },
	{ "\x0f\x22\xd8", 3, EXIT_CR },
};
enum { PLAIN = sizeof(plain) / sizeof(plain[0]) };

static const uint8_t prefixes[] = {
	0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3
};

static void each_opcode(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PLAIN; i++)
		for (unsigned mode = 0; mode < 2; mode++) {
			uint8_t bytes[INSN_MAX] = { 0 };

			memcpy(bytes, plain[i].bytes, plain[i].length);
			assert_true(decode(bytes, plain[i].length, mode));
			assert_int_equal(insn.kind, plain[i].kind);
			assert_int_equal(insn.length, plain[i].length);
			if (plain[i].kind == EXIT_CR)
				assert_int_equal(insn.cr_op, CR_MOV);
			/* What follows it does not matter. */
			assert_true(decode(bytes, INSN_MAX, mode));
			assert_int_equal(insn.length, plain[i].length);
			for (unsigned n = 0; n < plain[i].length; n++)
				assert_false(decode(bytes, n, mode));
		}
}

static void prefixes_count(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		bool mode = roll(2);
		unsigned i = (unsigned)roll(PLAIN), n = 0;
		uint8_t bytes[INSN_MAX];

		for (uint64_t k = roll(INSN_MAX - plain[i].length); k--;)
			bytes[n++] = prefixes[roll(sizeof(prefixes))];
		if (mode && roll(2))
			bytes[n++] = (uint8_t)(0x40 + roll(16));
		memcpy(bytes + n, plain[i].bytes, plain[i].length);
		n += plain[i].length;
		assert_true(decode(bytes, n, mode));
		assert_int_equal(insn.kind, plain[i].kind);
		assert_int_equal(insn.length, n);
		for (unsigned cut = 0; cut < n; cut++)
			assert_false(decode(bytes, cut, mode));
	}
}

static void mov_cr_registers(void **state)
{
	(void)state;
	for (unsigned rex = 0; rex < 17; rex++)
		for (unsigned write = 0; write < 2; write++)
			for (unsigned modrm = 0; modrm < 256; modrm++) {
				uint8_t bytes[] = { (uint8_t)(0x40 + rex), 0x0f,
						    write ? 0x22 : 0x20, (uint8_t)modrm };
				unsigned skip = rex == 16; /* none */

				assert_true(decode(bytes + skip, 4 - skip, true));
				rex = skip ? 0 : rex;
				assert_int_equal(insn.kind, EXIT_CR);
				assert_int_equal(insn.cr_op, CR_MOV);
				assert_int_equal(insn.length, 4 - skip);
				assert_int_equal(insn.write, write);
				assert_int_equal(insn.cr, (modrm >> 3 & 7) + (rex & 4 ? 8 : 0));
				assert_int_equal(insn.reg, (modrm & 7) + (rex & 1 ? 8 : 0));
				rex = skip ? 16 : rex;
			}
}

/* LOCK MOV CR0 is CR8, where there is no REX. */
static void mov_cr8_by_lock(void **state)
{
	(void)state;
	assert_true(decode("\xf0\x0f\x20\xc1", 4, false));
	assert_int_equal(insn.cr, 8);
	assert_int_equal(insn.reg, 1);
	assert_int_equal(insn.length, 4);
}

static void rex_counts_only_last(void **state)
{
	(void)state;
	assert_true(decode("\x45\x66\x0f\x22\xc3", 5, true)); /* forgotten */
	assert_int_equal(insn.cr, 0);
	assert_int_equal(insn.reg, 3);
	assert_int_equal(insn.length, 5);
	assert_true(decode("\x66\x45\x0f\x22\xc3", 5, true));
	assert_int_equal(insn.cr, 8);
	assert_int_equal(insn.reg, 11);
	assert_true(decode("\x45\x41\x0f\x22\xc3", 5, true)); /* the last of two */
	assert_int_equal(insn.cr, 0);
	assert_int_equal(insn.reg, 11);
}

static void rex_is_not_a_prefix_elsewhere(void **state)
{
	(void)state;
	for (unsigned rex = 0x40; rex < 0x50; rex++) { /* INC and DEC */
		uint8_t bytes[] = { (uint8_t)rex, 0x0f, 0xa2 };

		assert_true(decode(bytes, 3, true));
		assert_false(decode(bytes, 3, false));
	}
}

static void others_are_not_known(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		uint8_t one[] = { (uint8_t)op, 0x90, 0x90 }, two[] = { 0x0f, (uint8_t)op, 0x90 };
		uint8_t three[] = { 0x0f, 0x01, (uint8_t)op };
		bool first = op == 0xf4, second,
		     third = op == 0xc1 || op == 0xd1 || op == 0xd9 || (op & 0xf8) == 0xf0;

		second = op == 0x06 || op == 0x08 || op == 0x09 || op == 0x20 || op == 0x22 ||
			 op == 0x30 || op == 0x32 || op == 0xa2;
		assert_int_equal(decode(one, 3, false), first);
		assert_int_equal(decode(two, 3, true), second);
		assert_int_equal(decode(three, 3, true), third);
	}
	assert_false(decode("", 0, true));
	assert_false(
		decode("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66", 15, true));
}

static void noise_stays_in_its_bounds(void **state)
{
	static const uint8_t likely[] = { 0x0f, 0x01, 0x20, 0x22, 0x66, 0xf0, 0x48, 0xf4 };
	unsigned known = 0;

	(void)state;
	for (unsigned round = 0; round < 100000; round++) {
		uint8_t bytes[INSN_MAX];
		unsigned n = (unsigned)roll(INSN_MAX + 1);

		for (unsigned i = 0; i < n; i++)
			bytes[i] = roll(3) ? likely[roll(8)] : (uint8_t)roll_bits();
		if (decode(bytes, n, roll(2))) {
			known++;
			assert_true(insn.length >= 1 && insn.length <= n);
			assert_true(insn.kind > EXIT_UNKNOWN && insn.kind < EXIT_KINDS);
			assert_true(insn.cr < 16 && insn.reg < 16);
		}
	}
	assert_true(known > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_opcode),
		cmocka_unit_test(prefixes_count),
		cmocka_unit_test(mov_cr_registers),
		cmocka_unit_test(mov_cr8_by_lock),
		cmocka_unit_test(rex_counts_only_last),
		cmocka_unit_test(rex_is_not_a_prefix_elsewhere),
		cmocka_unit_test(others_are_not_known),
		cmocka_unit_test(noise_stays_in_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
