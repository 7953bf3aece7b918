/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/report.h"

#include "kernel/host/clock.h"
#include "kernel/host/panic.h"
#include "kernel/lib/console.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"

enum { LOG_VERSION = 1, WORDS = 256, SECOND_US = 1000000, ALIVE_US = 10 * SECOND_US };

static struct {
	unsigned planned, number, ok, failed, skipped;
	unsigned wants[WANTS];
	enum machine_exit exit;
	uint64_t since;	     /* TSC at report_begin */
	uint64_t next_alive; /* TSC when the next "alive" line is due */
} report;

/* The test that is running. */
static struct {
	const char *name; /* NULL: none */
	uint64_t cpu;	  /* log_me() of the CPU that it began on */
	uint64_t since;
	unsigned wrong;
	bool compared; /* expected and seen are valid */
	char reason[WORDS], expected[WORDS], seen[WORDS];
} test;

/* Ends a line with its seal. */
static void seal(void)
{
	log_text(" [%u ", report.number);
	log_text("%08x]", console_crc());
	log_newline();
	console_restart_crc();
}

/* Head and plan. */

void report_set_exit(enum machine_exit how)
{
	report.exit = how;
}

void report_head(const char *key, const char *fmt, ...)
{
	va_list ap;

	log_begin();
	log_text("# head %s ", key);
	va_start(ap, fmt);
	log_vtext(fmt, ap);
	va_end(ap);
	log_newline();
	log_end();
}

void report_plan(unsigned tests)
{
	report.planned = tests;
	log_line("1..%u", tests);
}

/* Deviations. */

static void keep_reason(const char *reason, const char *expected, const char *seen)
{
	if (test.wrong++)
		return;
	test.compared = expected;
	format(test.reason, sizeof(test.reason), "%s", reason);
	if (expected) {
		format(test.expected, sizeof(test.expected), "%s", expected);
		format(test.seen, sizeof(test.seen), "%s", seen);
	}
}

void report_wrong(const char *fmt, ...)
{
	char words[WORDS];
	va_list ap;

	va_start(ap, fmt);
	vformat(words, sizeof(words), fmt, ap);
	va_end(ap);
	log_begin();
	keep_reason(words, NULL, NULL);
	log_text("#   WRONG: %s", words);
	log_newline();
	log_end();
}

static void differs(const char *what, const char *expected, const char *seen, const char *quote)
{
	log_begin();
	keep_reason(what, expected, seen);
	log_text("#   WRONG: %s: expected %s%s%s, saw %s%s%s", what, quote, expected, quote, quote,
	     seen, quote);
	log_newline();
	log_end();
}

void report_differs(const char *what, const char *expected, const char *seen)
{
	differs(what, expected, seen, "");
}

void report_differs_words(const char *what, const char *expected, const char *seen)
{
	differs(what, expected, seen, "\"");
}

/* A YAML string in double quotes. */
static void put_quoted(const char *key, const char *value)
{
	log_text("  %s: \"", key);
	for (; *value; value++)
		log_text(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	log_text("\"");
	log_newline();
}

static void put_reason(void)
{
	uint64_t now = rdtsc(), ticks = now > test.since ? now - test.since : 0;
	unsigned long ms = (unsigned long)(ticks / clock_ticks(1000));

	log_text("  ---");
	log_newline();
	put_quoted("reason", test.reason[0] ? test.reason : "it failed, and did not say why");
	if (test.compared) {
		put_quoted("expected", test.expected);
		put_quoted("seen", test.seen);
	}
	log_text("  wrong: %u", test.wrong);
	log_newline();
	log_text("  duration: %lu.%03lu", ms / 1000, ms % 1000);
	log_newline();
	log_text("  ...");
	log_newline();
}

/* Tests. */

void report_test_begin(const char *name)
{
	log_begin();
	test.name = name;
	test.cpu = log_me();
	test.since = rdtsc();
	report.next_alive = test.since + clock_ticks(ALIVE_US);
	test.wrong = 0;
	test.compared = false;
	test.reason[0] = 0;
	log_end();
}

void report_test_end(bool ok, const char *todo)
{
	log_begin();
	ok = ok && !test.wrong;
	if (ok)
		report.ok++;
	else if (todo)
		report.skipped++;
	else
		report.failed++;
	report.number++;
	log_text("%sok %u - %s", ok ? "" : "not ", report.number, test.name);
	if (todo)
		log_text(" # TODO %s", todo);
	seal();
	if (!ok && !todo)
		put_reason();
	test.name = NULL;
	log_end();
}

static const char *const wants[WANTS] = {
	[WANT_CPUS] = "cpus",
	[WANT_MEMORY] = "memory",
	[WANT_HIGH_MEMORY] = "high-memory",
	[WANT_TIMER] = "timer",
	[WANT_UNRESTRICTED] = "unrestricted-guest",
	[WANT_DENIALS] = "denials",
	[WANT_TIME] = "time",
	[WANT_FEP] = "fep",
};

void report_skip(const char *name, enum want want, const char *fmt, ...)
{
	va_list ap;

	log_begin();
	report.skipped++;
	report.number++;
	report.wants[want]++;
	log_text("ok %u - %s # SKIP for want of %s: ", report.number, name, wants[want]);
	va_start(ap, fmt);
	log_vtext(fmt, ap);
	va_end(ap);
	seal();
	test.name = NULL;
	log_end();
}

void report_figure(const char *name, const char *of, uint64_t value, const char *unit)
{
	note("figure %s%s%s %lu %s", name, of[0] ? "." : "", of, (unsigned long)value, unit);
}

void report_alive(void)
{
	uint64_t now = rdtsc();

	if (!test.name || now < report.next_alive || test.cpu != log_me())
		return;
	report.next_alive = now + clock_ticks(ALIVE_US);
	note("alive %lu %s", (unsigned long)((now - report.since) / clock_ticks(SECOND_US)),
	     test.name);
}

/* Ends. */

static _Noreturn void end(enum verdict verdict)
{
	static const char *const words[] = { "PASS", "FAIL", "REFUSED" };
	bool first = true;

	if (FAULT(END_CUT))
		poweroff(report.exit, verdict);
	log_begin(); /* never ended: nobody else may print any more */
	log_text("# nestbox end %s ok=%u failed=%u skipped=%u", words[verdict], report.ok,
	     report.failed, report.skipped);
	for (unsigned i = 0; i < WANTS; i++)
		if (report.wants[i]) {
			log_text("%s%s:%u", first ? " want=" : ",", wants[i], report.wants[i]);
			first = false;
		}
	seal();
	poweroff(report.exit, verdict);
}

_Noreturn void report_end(void)
{
	if (report.number != report.planned) {
		report_test_begin("plan");
		report_wrong("%u tests were planned, %u ran", report.planned, report.number);
		report_test_end(false, NULL);
	}
	end(report.failed ? VERDICT_FAIL : VERDICT_PASS);
}

_Noreturn void report_bad_input(const char *name, const char *fmt, ...)
{
	char words[2 * WORDS];
	va_list ap;

	va_start(ap, fmt);
	vformat(words, sizeof(words), fmt, ap);
	va_end(ap);
	report_plan(1);
	report_test_begin(name);
	report_wrong("%s", words);
	report_test_end(false, NULL);
	end(VERDICT_FAIL);
}

_Noreturn void report_refused(const char *cause, const char *remedy)
{
	note("refused: %s", cause);
	note("remedy:  %s", remedy);
	log_line("1..0 # SKIP %s", cause);
	end(VERDICT_REFUSED);
}

/* Called at the end of a panic. After a second panic in here, only prints the last line. */
static _Noreturn void crashed(void)
{
	static bool told;

	console_fresh_line();
	if (!told) {
		told = true;
		if (!report.planned)
			report_plan(1);
		if (!test.name)
			report_test_begin("boot");
		test.compared = false;
		format(test.reason, sizeof(test.reason), "%s",
		       panic_message()[0] ? panic_message() : "a panic that could not be told");
		report_test_end(false, NULL);
	}
	end(VERDICT_FAIL);
}

static _Noreturn void give_up(void)
{
	poweroff(report.exit, VERDICT_FAIL);
}

void report_begin(void)
{
	panic_set_end(crashed, give_up);
	log_set_alive(report_alive);
	report.since = rdtsc();
	console_restart_crc();
	log_line("TAP version 13");
	note("nestbox log %u", LOG_VERSION);
}
