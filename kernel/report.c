/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/report.h"

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/fault.h"
#include "kernel/format.h"
#include "kernel/lock.h"
#include "kernel/string.h"
#include "kernel/x86.h"

enum { LOG_VERSION = 1, WORDS = 256, SECOND_US = 1000000, ALIVE_US = 10 * SECOND_US };

static struct {
	unsigned planned, number, ok, failed, skipped;
	unsigned wants[WANTS];
	enum machine_exit exit;
	uint64_t since;	     /* the TSC when it began */
	uint64_t next_alive; /* the TSC when a sign of life is due */
	char panic[WORDS];   /* the message of the first one */
} report;

/* The test that is running. */
static struct {
	const char *name; /* NULL: none */
	uint64_t cpu;	  /* me() of the one that it began on */
	uint64_t since;
	unsigned wrong;
	bool compared; /* expected and seen are there */
	char reason[WORDS], expected[WORDS], seen[WORDS];
} test;

/* A line at a time. */

static struct {
	struct lock lock;
	uint64_t holder;
	uint64_t heir; /* who panics has the lock for good */
} line;

/* The GS base tells CPUs apart, before cpu_init and in a panic too. Never 0. */
static uint64_t me(void)
{
	return rdmsr(MSR_GS_BASE) | 1;
}

static void begin_line(void)
{
	if (line.heir == me())
		return;
	lock_take(&line.lock);
	line.holder = me();
}

static void end_line(void)
{
	if (line.heir == me())
		return;
	line.holder = 0;
	lock_give(&line.lock);
}

/*
 * Others finish their line first, so that no byte is sent and not summed up: a CPU
 * that is stopped may be anywhere. The one that has the lock may be stuck, or be us.
 */
void report_take_over(void)
{
	if (line.heir != me() && line.holder != me())
		lock_take_within(&line.lock, clock_ticks(SECOND_US));
	line.heir = me();
	console_fresh_line();
}

static void put_clean(void *arg, char c)
{
	(void)arg;
	console_put(c < ' ' || c > '~' ? '?' : c);
}

static void vtext(const char *fmt, va_list ap)
{
	format_to(put_clean, NULL, fmt, ap);
}

static void REPORT_FORMAT(1, 2) text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vtext(fmt, ap);
	va_end(ap);
}

static void newline(void)
{
	console_put('\n');
}

void report_line(const char *fmt, ...)
{
	va_list ap;

	begin_line();
	va_start(ap, fmt);
	vtext(fmt, ap);
	va_end(ap);
	newline();
	end_line();
}

void note(const char *fmt, ...)
{
	va_list ap;

	begin_line();
	text("# ");
	va_start(ap, fmt);
	vtext(fmt, ap);
	va_end(ap);
	newline();
	end_line();
}

/* The end of a line that carries a seal. */
static void seal(void)
{
	text(" [%u ", report.number);
	text("%08x]", console_crc());
	newline();
	console_restart_crc();
}

/* Head and plan. */

void report_set_exit(enum machine_exit how)
{
	report.exit = how;
}

void report_begin(void)
{
	report.since = rdtsc();
	console_restart_crc();
	report_line("TAP version 13");
	note("nestbox log %u", LOG_VERSION);
}

void report_head(const char *key, const char *fmt, ...)
{
	va_list ap;

	begin_line();
	text("# head %s ", key);
	va_start(ap, fmt);
	vtext(fmt, ap);
	va_end(ap);
	newline();
	end_line();
}

void report_plan(unsigned tests)
{
	report.planned = tests;
	report_line("1..%u", tests);
}

/* What is wrong. */

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
	begin_line();
	keep_reason(words, NULL, NULL);
	text("#   WRONG: %s", words);
	newline();
	end_line();
}

static void differs(const char *what, const char *expected, const char *seen, const char *quote)
{
	begin_line();
	keep_reason(what, expected, seen);
	text("#   WRONG: %s: expected %s%s%s, saw %s%s%s", what, quote, expected, quote, quote,
	     seen, quote);
	newline();
	end_line();
}

void report_differs(const char *what, const char *expected, const char *seen)
{
	differs(what, expected, seen, "");
}

void report_differs_words(const char *what, const char *expected, const char *seen)
{
	differs(what, expected, seen, "\"");
}

/* YAML's string in double quotes. */
static void put_quoted(const char *key, const char *value)
{
	text("  %s: \"", key);
	for (; *value; value++)
		text(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	text("\"");
	newline();
}

static void put_reason(void)
{
	uint64_t now = rdtsc(), ticks = now > test.since ? now - test.since : 0;
	unsigned long ms = (unsigned long)(ticks / clock_ticks(1000));

	text("  ---");
	newline();
	put_quoted("reason", test.reason[0] ? test.reason : "it failed, and did not say why");
	if (test.compared) {
		put_quoted("expected", test.expected);
		put_quoted("seen", test.seen);
	}
	text("  wrong: %u", test.wrong);
	newline();
	text("  duration: %lu.%03lu", ms / 1000, ms % 1000);
	newline();
	text("  ...");
	newline();
}

/* Tests. */

void report_test_begin(const char *name)
{
	begin_line();
	test.name = name;
	test.cpu = me();
	test.since = rdtsc();
	report.next_alive = test.since + clock_ticks(ALIVE_US);
	test.wrong = 0;
	test.compared = false;
	test.reason[0] = 0;
	end_line();
}

void report_test_end(bool ok, const char *todo)
{
	begin_line();
	ok = ok && !test.wrong;
	if (ok)
		report.ok++;
	else if (todo)
		report.skipped++;
	else
		report.failed++;
	report.number++;
	text("%sok %u - %s", ok ? "" : "not ", report.number, test.name);
	if (todo)
		text(" # TODO %s", todo);
	seal();
	if (!ok && !todo)
		put_reason();
	test.name = NULL;
	end_line();
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

	begin_line();
	report.skipped++;
	report.number++;
	report.wants[want]++;
	text("ok %u - %s # SKIP for want of %s: ", report.number, name, wants[want]);
	va_start(ap, fmt);
	vtext(fmt, ap);
	va_end(ap);
	seal();
	test.name = NULL;
	end_line();
}

void report_figure(const char *name, const char *of, uint64_t value, const char *unit)
{
	note("figure %s%s%s %lu %s", name, of[0] ? "." : "", of, (unsigned long)value, unit);
}

void report_alive(void)
{
	uint64_t now = rdtsc();

	if (!test.name || now < report.next_alive || test.cpu != me())
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
	begin_line(); /* for good */
	text("# nestbox end %s ok=%u failed=%u skipped=%u", words[verdict], report.ok,
	     report.failed, report.skipped);
	for (unsigned i = 0; i < WANTS; i++)
		if (report.wants[i]) {
			text("%s%s:%u", first ? " want=" : ",", wants[i], report.wants[i]);
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
	report_line("1..0 # SKIP %s", cause);
	end(VERDICT_REFUSED);
}

/* Panics. */

void report_panic(const char *fmt, ...)
{
	size_t n = strlen(report.panic);
	va_list ap;

	if (!n)
		text("# PANIC: ");
	va_start(ap, fmt);
	vformat(report.panic + n, sizeof(report.panic) - n, fmt, ap);
	va_end(ap);
	text("%s", report.panic + n);
}

void report_panic_end(void)
{
	newline();
}

/* Also of a panic while this is being said: then what is left is said. */
_Noreturn void report_crashed(void)
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
		       report.panic[0] ? report.panic : "a panic that could not be told");
		report_test_end(false, NULL);
	}
	end(VERDICT_FAIL);
}

_Noreturn void report_give_up(void)
{
	poweroff(report.exit, VERDICT_FAIL);
}
