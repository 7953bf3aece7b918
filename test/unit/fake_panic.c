/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's panic, for tests: expect_assert_failure() catches it; otherwise it fails the
 * test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "kernel/host/panic.h"

static char words[256]; /* outlives the jump */

_Noreturn void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	mock_assert(0, words, "panic", 0);
	abort();
}

_Noreturn void assert_failed(const char *file, int line, const char *expr)
{
	mock_assert(0, expr, file, line);
	abort();
}

_Noreturn void assert_eq_failed(const char *file, int line, const char *expr, uint64_t a,
				uint64_t b)
{
	(void)a;
	(void)b;
	mock_assert(0, expr, file, line);
	abort();
}
