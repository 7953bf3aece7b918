/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's command line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/suite/cmdline.h"
#include "test/unit/roll.h"

#define ALL UINT64_MAX
#define WORDS                                                                                      \
	"run=, trace, exit=, fail-alloc=, check=, kick=, leaf=, large-exec, small-exec, "    \
	"soak=, seed=, slow=, gpt-seed=, gpt-script=, known=, machine=, below=, fep"

static const char *const names[] = { "hello", "hel", "spin", "spin_if" };
static struct cmdline cmdline;
static char error[256];

static bool parse(const char *text)
{
	memset(&cmdline, 0xaa, sizeof(cmdline));
	strcpy(error, "none");
	return cmdline_parse(text, names, 4, &cmdline, error, sizeof(error));
}

static void assert_parses(const char *text, uint64_t run, uint64_t known, bool trace,
			  enum machine_exit how)
{
	assert_true(parse(text));
	assert_string_equal(error, "none");
	assert_int_equal(cmdline.run, run);
	assert_int_equal(cmdline.known, known);
	assert_int_equal(cmdline.trace, trace);
	assert_int_equal(cmdline.exit, how);
}

static void assert_complains(const char *text, const char *message)
{
	assert_false(parse(text));
	assert_string_equal(error, message);
}

static void each_word(void **state)
{
	(void)state;
	assert_parses("", ALL, 0, false, MACHINE_HALT);
	assert_parses("trace", ALL, 0, true, MACHINE_HALT);
	assert_parses("run=hello", 1, 0, false, MACHINE_HALT);
	assert_parses("run=hel", 2, 0, false, MACHINE_HALT);
	assert_parses("run=spin_if", 8, 0, false, MACHINE_HALT);
	assert_parses("run=spin,hello", 5, 0, false, MACHINE_HALT);
	assert_parses("known=spin", ALL, 4, false, MACHINE_HALT);
	assert_parses("known=hello,hel,spin,spin_if", ALL, 15, false, MACHINE_HALT);
	assert_parses("exit=halt", ALL, 0, false, MACHINE_HALT);
	assert_parses("exit=qemu", ALL, 0, false, MACHINE_QEMU);
	assert_parses("exit=bochs", ALL, 0, false, MACHINE_BOCHS);
}

static void words_together(void **state)
{
	(void)state;
	assert_parses("exit=qemu known=spin run=hello,spin trace", 5, 4, true, MACHINE_QEMU);
	assert_parses("run=hello run=spin", 5, 0, false, MACHINE_HALT);
	assert_parses("run=hello,hello run=hello", 1, 0, false, MACHINE_HALT);
	assert_parses("exit=qemu exit=bochs", ALL, 0, false, MACHINE_BOCHS);
	assert_parses("exit=qemu exit=halt", ALL, 0, false, MACHINE_HALT);
	assert_parses("trace trace", ALL, 0, true, MACHINE_HALT);
}

static void blanks(void **state)
{
	(void)state;
	assert_parses(" ", ALL, 0, false, MACHINE_HALT);
	assert_parses(" \t  \t", ALL, 0, false, MACHINE_HALT);
	assert_parses("  trace\t\trun=hel  ", 2, 0, true, MACHINE_HALT);
}

static void kick(void **state)
{
	(void)state;
	assert_true(parse(""));
	assert_false(cmdline.kick_nmi);
	assert_true(parse("kick=nmi"));
	assert_true(cmdline.kick_nmi);
	assert_true(parse("kick=nmi kick=int"));
	assert_false(cmdline.kick_nmi);
	assert_complains("kick=", "unknown kick= \"\"; known are: int, nmi");
	assert_complains("kick=smi", "unknown kick= \"smi\"; known are: int, nmi");
}

static void fail_alloc(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {
		{ "", 0 },
		{ "fail-alloc=1", 1 },
		{ "fail-alloc=007", 7 },
		{ "fail-alloc=999999999", 999999999 },
		{ "fail-alloc=all", CMDLINE_FAIL_ALL },
		{ "fail-alloc=5 fail-alloc=6", 6 },
	};
	static const char *const bad[] = { "",	   "0",	 "1000000000", "99999999999999999999",
					   "-1",   "1x", "x",	       "0x1",
					   "alle", "al" };

	(void)state;
	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(parse(good[i].text));
		assert_int_equal(cmdline.fail_alloc, good[i].value);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64], message[128];

		snprintf(text, sizeof(text), "fail-alloc=%s", bad[i]);
		snprintf(message, sizeof(message),
			 "impossible fail-alloc= \"%s\"; known are: 1 to 999999999, all", bad[i]);
		assert_complains(text, message);
	}
}

static void leaf(void **state)
{
	static const char *const bad[] = { "", "4", "4K", "2", "2mm", "1G", "512g", "4k,2m" };

	(void)state;
	assert_true(parse(""));
	assert_int_equal(cmdline.leaf, 1);
	assert_false(cmdline.large_exec);
	assert_true(parse("large-exec leaf=4k"));
	assert_true(cmdline.large_exec);
	assert_false(cmdline.small_exec);
	assert_true(parse("small-exec"));
	assert_true(cmdline.small_exec);
	assert_int_equal(cmdline.leaf, 1);
	assert_true(parse("trace leaf=2m"));
	assert_int_equal(cmdline.leaf, 2);
	assert_true(parse("leaf=2m leaf=1g"));
	assert_int_equal(cmdline.leaf, 3);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64], message[128];

		snprintf(text, sizeof(text), "leaf=%s", bad[i]);
		snprintf(message, sizeof(message), "unknown leaf= \"%s\"; known are: 4k, 2m, 1g",
			 bad[i]);
		assert_complains(text, message);
	}
}

static void soak(void **state)
{
	static const char *const bad_soaks[] = { "", "0", "86401", "1000000000", "-1", "1s", "x" };
	static const char *const bad_seeds[] = { "", "0", "1000000000", "-1", "0x1", "x" };
	char text[64], message[128];

	(void)state;
	assert_true(parse(""));
	assert_int_equal(cmdline.soak, 0);
	assert_int_equal(cmdline.seed, 0);
	assert_true(parse("soak=86400 seed=999999999"));
	assert_int_equal(cmdline.soak, 86400);
	assert_int_equal(cmdline.seed, 999999999);
	assert_int_equal(cmdline.run, 0); /* in place of the guests */
	assert_true(parse("run=hello soak=1"));
	assert_int_equal(cmdline.soak, 1);
	assert_int_equal(cmdline.run, 1);
	assert_true(parse("seed=3"));
	assert_int_equal(cmdline.run, ALL);
	for (unsigned i = 0; i < sizeof(bad_soaks) / sizeof(bad_soaks[0]); i++) {
		snprintf(text, sizeof(text), "soak=%s", bad_soaks[i]);
		snprintf(message, sizeof(message), "impossible soak= \"%s\"; known are: 1 to 86400",
			 bad_soaks[i]);
		assert_complains(text, message);
	}
	for (unsigned i = 0; i < sizeof(bad_seeds) / sizeof(bad_seeds[0]); i++) {
		snprintf(text, sizeof(text), "seed=%s", bad_seeds[i]);
		snprintf(message, sizeof(message),
			 "impossible seed= \"%s\"; known are: 1 to 999999999", bad_seeds[i]);
		assert_complains(text, message);
	}
	assert_complains("soak=1 fail-alloc=2", "soak= and fail-alloc= do not go together");
	assert_complains("fail-alloc=all soak=1", "soak= and fail-alloc= do not go together");
	assert_complains("soak=1 frob fail-alloc=2", "unknown word \"frob\"; known are: " WORDS);
}

static void slow(void **state)
{
	static const char *const bad[] = { "", "0", "1001", "1000000000", "-1", "2x", "0.5" };

	(void)state;
	assert_true(parse(""));
	assert_int_equal(cmdline.slow, 1);
	assert_true(parse("slow=1000"));
	assert_int_equal(cmdline.slow, 1000);
	assert_true(parse("slow=7 slow=20 trace"));
	assert_int_equal(cmdline.slow, 20);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[32], message[80];

		snprintf(text, sizeof(text), "slow=%s", bad[i]);
		snprintf(message, sizeof(message), "impossible slow= \"%s\"; known are: 1 to 1000",
			 bad[i]);
		assert_complains(text, message);
	}
}

static void gpt(void **state)
{
	(void)state;
	assert_true(parse(""));
	assert_int_equal(cmdline.gpt_seed, 0);
	assert_int_equal(cmdline.gpt_script.limit, 0);
	assert_true(parse("gpt-seed=7 gpt-script=c34.f.28,p0.1.1,m1.0.1.7.6 trace"));
	assert_int_equal(cmdline.gpt_seed, 7);
	assert_int_equal(cmdline.gpt_script.limit, 0x28);
	assert_int_equal(cmdline.gpt_script.count, 2);
	assert_int_equal(cmdline.gpt_script.ops[1].prot, 7);
	assert_true(cmdline.trace);
	assert_complains("gpt-seed=0", "impossible gpt-seed= \"0\"; known are: 1 to 999999999");
	assert_complains("gpt-seed=x", "impossible gpt-seed= \"x\"; known are: 1 to 999999999");
	assert_complains("gpt-script=c34.f.28,y7,p0 trace",
			 "impossible in gpt-script= \"y7\"; known are: the words of a script "
			 "that failed");
	assert_complains("gpt-script=", "impossible in gpt-script= \"\"; known are: the words of "
					"a script that failed");
}

static void machine(void **state)
{
	static const char *const bad[] = {
		"", "Qemu", "a_b", "a.b", "a/b", "\"", "a2345678901234567890123456789012"
	};
	char text[64], message[160];

	(void)state;
	assert_true(parse(""));
	assert_string_equal(cmdline.machine, "");
	assert_true(parse("machine=qemu-svm"));
	assert_string_equal(cmdline.machine, "qemu-svm");
	assert_true(parse("machine=a machine=a234567890123456789012345678901"));
	assert_string_equal(cmdline.machine, "a234567890123456789012345678901");
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "machine=%s", bad[i]);
		snprintf(message, sizeof(message),
			 "impossible machine= \"%s\"; known are: up to 31 lower-case letters, "
			 "digits and hyphens",
			 bad[i]);
		assert_complains(text, message);
	}
}

/* 127 characters, of all kinds that there may be. */
#define BELOW                                                                                      \
	"linux-6.1.0-50~rc1+debug,kvm.force_emulation_prefix=1,kvm_intel.eptad=0,ABC_XYZ,"         \
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk"

static void below(void **state)
{
	static const char *const bad[] = { "", "a/b", "a:b", "\"", "a(b)", "\x80", BELOW "l" };
	char text[160], message[256];

	(void)state;
	assert_true(parse(""));
	assert_string_equal(cmdline.below, "");
	assert_int_equal(strlen(BELOW), CMDLINE_BELOW_MAX - 1);
	assert_true(parse("below=a below=" BELOW));
	assert_string_equal(cmdline.below, BELOW);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "below=%s", bad[i]);
		snprintf(message, sizeof(message),
			 "impossible below= \"%s\"; known are: up to 127 letters, digits and any "
			 "of ._+~=,-",
			 bad[i]);
		assert_complains(text, message);
	}
}

static void fep(void **state)
{
	(void)state;
	assert_true(parse(""));
	assert_false(cmdline.fep);
	assert_true(parse("fep"));
	assert_true(cmdline.fep);
	assert_complains("fep=1", "unknown word \"fep=1\"; known are: " WORDS);
	assert_complains("feps", "unknown word \"feps\"; known are: " WORDS);
}

static enum machine_exit exit_of(const char *text, size_t size)
{
	char *exact = malloc(size + 1); /* 0 bytes are none */
	enum machine_exit how;

	memcpy(exact, text, size);
	how = cmdline_exit(exact, size, MACHINE_HALT);
	free(exact);
	return how;
}

static void exit_before_all_else(void **state)
{
	(void)state;
	assert_int_equal(exit_of("", 0), MACHINE_HALT);
	assert_int_equal(exit_of("", 1), MACHINE_HALT);
	assert_int_equal(exit_of("exit=qemu", 10), MACHINE_QEMU);
	assert_int_equal(exit_of("exit=qemu", 9), MACHINE_QEMU); /* no NUL */
	assert_int_equal(exit_of("exit=qemu", 8), MACHINE_HALT);
	assert_int_equal(exit_of("exit=qemu       ", 16), MACHINE_QEMU);
	assert_int_equal(exit_of("frob\texit=bochs known=x", 23), MACHINE_BOCHS);
	assert_int_equal(exit_of("exit=bochs exit=qemu exit=no", 28), MACHINE_QEMU);
	assert_int_equal(exit_of("exit=bochs\0exit=qemu", 21), MACHINE_BOCHS);
	assert_int_equal(exit_of("noexit=qemu", 12), MACHINE_HALT);
	assert_int_equal(cmdline_exit("run=hello", 9, MACHINE_QEMU), MACHINE_QEMU);
}

static void lines_are_put_together(void **state)
{
	char line[16] = "", *small;

	(void)state;
	cmdline_append(line, sizeof(line), "");
	assert_string_equal(line, "");
	cmdline_append(line, sizeof(line), " a\t\tb ");
	assert_string_equal(line, "a b");
	cmdline_append(line, sizeof(line), "    ");
	assert_string_equal(line, "a b");
	cmdline_append(line, sizeof(line), "exit=qemu   ");
	assert_string_equal(line, "a b exit=qemu");
	cmdline_append(line, sizeof(line), "longer");
	assert_string_equal(line, "a b exit=qemu l");
	cmdline_append(line, sizeof(line), "more");
	assert_string_equal(line, "a b exit=qemu l");
	small = strdup("");
	cmdline_append(small, 1, "x");
	assert_string_equal(small, "");
	free(small);
}

static void what_is_unknown_is_named(void **state)
{
	(void)state;
	assert_complains("frob", "unknown word \"frob\"; known are: " WORDS);
	assert_complains("trac", "unknown word \"trac\"; known are: " WORDS);
	assert_complains("traces", "unknown word \"traces\"; known are: " WORDS);
	assert_complains("run", "unknown word \"run\"; known are: " WORDS);
	assert_complains("=", "unknown word \"=\"; known are: " WORDS);
	assert_complains("run=nobody",
			 "unknown guest in run= \"nobody\"; known are: hello, hel, spin, spin_if");
	assert_complains("run=he",
			 "unknown guest in run= \"he\"; known are: hello, hel, spin, spin_if");
	assert_complains("run=hello,spinner,hel",
			 "unknown guest in run= \"spinner\"; known are: hello, hel, spin, spin_if");
	assert_complains(
		"known=nobody",
		"unknown guest in known= \"nobody\"; known are: hello, hel, spin, spin_if");
	assert_complains("exit=sideways",
			 "unknown exit= \"sideways\"; known are: halt, qemu, bochs");
	assert_complains("exit=", "unknown exit= \"\"; known are: halt, qemu, bochs");
	assert_complains("exit=qemux", "unknown exit= \"qemux\"; known are: halt, qemu, bochs");
}

static void empty_names(void **state)
{
	static const char *const texts[] = { "run=",	   "run=,",	     "run=hello,",
					     "run=,hello", "run=hello,,hel", "run= hello" };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_complains(texts[i], "unknown guest in run= \"\"; known are: hello, hel, "
					   "spin, spin_if");
}

static void the_first_error_counts_and_the_rest_is_read(void **state)
{
	(void)state;
	assert_complains("frob exit=qemu exit=no run=nobody,spin trace",
			 "unknown word \"frob\"; known are: " WORDS);
	assert_int_equal(cmdline.exit, MACHINE_QEMU);
	assert_true(cmdline.trace);
	assert_int_equal(cmdline.run, 4);
	assert_complains("exit=bochs run=nobody frob",
			 "unknown guest in run= \"nobody\"; known are: hello, hel, spin, spin_if");
	assert_int_equal(cmdline.exit, MACHINE_BOCHS);
}

static void sixty_four_guests(void **state)
{
	char many[64][16];
	const char *pointers[64];

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		snprintf(many[i], sizeof(many[i]), "a-long-name-%u", i);
		pointers[i] = many[i];
	}
	assert_true(cmdline_parse("run=a-long-name-63,a-long-name-0 known=a-long-name-31", pointers,
				  64, &cmdline, error, sizeof(error)));
	assert_int_equal(cmdline.run, UINT64_C(1) << 63 | 1);
	assert_int_equal(cmdline.known, UINT64_C(1) << 31);
	/* More names than fit: cut off, and ended. */
	assert_false(cmdline_parse("run=no", pointers, 64, &cmdline, error, sizeof(error)));
	assert_true(strlen(error) >= 200 && strlen(error) < sizeof(error));
	assert_int_equal(
		strncmp(error, "unknown guest in run= \"no\"; known are: a-long-name-0, ", 54), 0);
}

/* Nothing is written behind an error's end, nothing is read behind a text's. */
static void noise_stays_in_its_bounds(void **state)
{
	static const char *const parts[] = { "run=", "known=", "exit=", "trace", " ",	 "\t",
					     ",",    "hello",  "spin",	"qemu",	 "halt", "x",
					     "=",    "\"",     "%s",	"\377" };

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		char text[128] = "", *exact, *small;
		size_t size = roll(80) + 1;
		bool good;

		for (uint64_t n = roll(12); n--;)
			strcat(text, parts[roll(sizeof(parts) / sizeof(parts[0]))]);
		exact = strdup(text);
		small = malloc(size);
		memset(small, 'x', size);
		(void)cmdline_exit(exact, strlen(exact), MACHINE_HALT);
		good = cmdline_parse(exact, names, 4, &cmdline, small, size);
		assert_true(good || memchr(small, 0, size));
		assert_true(cmdline.run == ALL || cmdline.run < 16);
		assert_true(cmdline.exit <= MACHINE_BOCHS);
		free(small);
		free(exact);
	}
}

/* What kexec-tools and others put in front is no word of ours; anything else is. */
static void the_image_s_name_is_skipped(void **state)
{
	static const struct {
		const char *line, *rest;
	} lines[] = {
		{ "/nestbox exit=qemu run=hello,touch", " exit=qemu run=hello,touch" },
		{ "  build/nestbox.elf trace", " trace" },
		{ "./x", "" },
		{ "nestbox.elf run=hello", " run=hello" },
		{ "(hd0,1)/boot/nestbox", "" },
		{ "run=hello /nestbox", NULL },
		{ "below=a/b trace", NULL },
		{ "traec run=hello", NULL },
		{ "trace", NULL },
		{ "nestbo", NULL },
		{ "=/", NULL },
		{ " ", NULL },
		{ "", NULL },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_string_equal(cmdline_skip_image(lines[i].line),
				    lines[i].rest ? lines[i].rest : lines[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word),
		cmocka_unit_test(words_together),
		cmocka_unit_test(blanks),
		cmocka_unit_test(kick),
		cmocka_unit_test(fail_alloc),
		cmocka_unit_test(leaf),
		cmocka_unit_test(soak),
		cmocka_unit_test(slow),
		cmocka_unit_test(gpt),
		cmocka_unit_test(machine),
		cmocka_unit_test(below),
		cmocka_unit_test(fep),
		cmocka_unit_test(exit_before_all_else),
		cmocka_unit_test(lines_are_put_together),
		cmocka_unit_test(what_is_unknown_is_named),
		cmocka_unit_test(empty_names),
		cmocka_unit_test(the_first_error_counts_and_the_rest_is_read),
		cmocka_unit_test(sixty_four_guests),
		cmocka_unit_test(noise_stays_in_its_bounds),
		cmocka_unit_test(the_image_s_name_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
