/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/report.h"

#include "kernel/console.h"
#include "kernel/fault.h"
#include "kernel/x86.h"

static struct {
	unsigned planned, number, ok, failed, skipped;
	enum machine_exit exit;
} report;

void report_set_exit(enum machine_exit how)
{
	report.exit = how;
}

void report_begin(void)
{
	print("TAP version 13\n");
}

void report_plan(unsigned tests)
{
	report.planned = tests;
	print("1..%u\n", tests);
}

void report_test(bool ok, const char *name, const char *todo)
{
	if (ok)
		report.ok++;
	else if (todo)
		report.skipped++;
	else
		report.failed++;
	print("%sok %u - %s", ok ? "" : "not ", ++report.number, name);
	if (todo)
		print(" # TODO %s", todo);
	print("\n");
}

void report_skip(const char *name, const char *why)
{
	report.skipped++;
	print("ok %u - %s # SKIP %s\n", ++report.number, name, why);
}

void note(const char *fmt, ...)
{
	va_list ap;

	print("# ");
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n");
}

/*
 * QEMU's isa-debug-exit ends the process with (value << 1) | 1. Bochs's
 * iodebug device drops into the debugger, whose script quits with 0; its
 * shutdown port ends the process with 1.
 */
enum {
	QEMU_EXIT_PORT = 0xf4,
	QEMU_PASS = 0x10,
	BOCHS_IODEBUG_PORT = 0x8a00,
	BOCHS_IODEBUG_ENABLE = 0x8a00,
	BOCHS_IODEBUG_BREAK = 0x8ae0,
	BOCHS_SHUTDOWN_PORT = 0x8900,
};

static void bochs_exit(enum verdict verdict)
{
	if (verdict == VERDICT_PASS) {
		outw(BOCHS_IODEBUG_PORT, BOCHS_IODEBUG_ENABLE);
		outw(BOCHS_IODEBUG_PORT, BOCHS_IODEBUG_BREAK);
	}
	for (const char *s = "Shutdown"; *s; s++)
		outb(BOCHS_SHUTDOWN_PORT, (uint8_t)*s);
}

static _Noreturn void machine_end(enum verdict verdict)
{
	console_drain();
	if (report.exit == MACHINE_QEMU)
		outb(QEMU_EXIT_PORT, (uint8_t)(QEMU_PASS + verdict));
	else if (report.exit == MACHINE_BOCHS)
		bochs_exit(verdict);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static _Noreturn void end(enum verdict verdict)
{
	static const char *const words[] = { "PASS", "FAIL", "REFUSED" };

	if (FAULT(END_CUT))
		machine_end(verdict);
	print("# nestbox end %s ok=%u failed=%u skipped=%u\n", words[verdict], report.ok,
	      report.failed, report.skipped);
	machine_end(verdict);
}

_Noreturn void report_end(void)
{
	if (report.number != report.planned) {
		note("%u tests were planned, %u ran", report.planned, report.number);
		end(VERDICT_FAIL);
	}
	end(report.failed ? VERDICT_FAIL : VERDICT_PASS);
}

_Noreturn void report_bad_input(const char *name, const char *fmt, ...)
{
	va_list ap;

	report_plan(1);
	report_test(false, name, 0);
	print("# ");
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n");
	end(VERDICT_FAIL);
}

_Noreturn void report_refused(const char *cause, const char *remedy)
{
	print("1..0 # SKIP %s\n", cause);
	note("refused: %s", cause);
	note("remedy:  %s", remedy);
	end(VERDICT_REFUSED);
}

_Noreturn void report_crashed(void)
{
	report.failed++;
	end(VERDICT_FAIL);
}
