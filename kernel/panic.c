/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/panic.h"

#include "kernel/console.h"
#include "kernel/report.h"
#include "kernel/x86.h"

#include <stdarg.h>

/* A panic inside of a panic says no more than that. */
static void enter_panic(void)
{
	static bool panicking;

	interrupts_off();
	if (panicking) {
		print("\n# PANIC while panicking\n");
		report_crashed();
	}
	panicking = true;
	print("\n# PANIC: ");
}

_Noreturn void panic(const char *fmt, ...)
{
	va_list ap;

	enter_panic();
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print("\n# called from %p\n", __builtin_return_address(0));
	report_crashed();
}

_Noreturn void assert_failed(const char *file, int line, const char *expr)
{
	panic("%s:%d: assertion failed: %s", file, line, expr);
}

_Noreturn void assert_eq_failed(const char *file, int line, const char *expr, uint64_t a, uint64_t b)
{
	panic("%s:%d: assertion failed: %s (0x%lx, 0x%lx)", file, line, expr, (unsigned long)a,
	      (unsigned long)b);
}
