/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptions of machine-check banks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "kernel/host/mce.h"
#include "test/unit/roll.h"

#define VAL (UINT64_C(1) << 63)
#define UC  (UINT64_C(1) << 61)

static void says(uint64_t status, const char *words)
{
	char seen[192];

	mce_words(4, status, seen, sizeof(seen));
	if (!strstr(seen, words))
		fail_msg("0x%llx: \"%s\", without \"%s\"", (unsigned long long)status, seen, words);
}

static void error_codes(void **state)
{
	(void)state;
	says(VAL | 5, "bank 4: parity inside of the CPU, ");
	says(VAL | 0x400, "internal timer");
	says(VAL | 0x410, "an internal error of the CPU");
	says(VAL | 0x0d, "cache, level 1");
	says(VAL | 0x16, "TLB, level 2 of data");
	says(VAL | 0x9f, "memory controller, channel 15: a read");
	says(VAL | 0xc1, "memory controller, channel 1: scrubbing");
	says(VAL | 0x134, "cache, level 0 of data: a data read");
	says(VAL | 0x17a, "cache, level 2 of any kind: an eviction");
	says(VAL | 0x290, "memory as a cache");
	says(VAL | 0xf0f, "bus or interconnect: an error of any kind, timed out, any level");
	says(VAL | 0xe0b, "an I/O error");
	says(VAL | 0x200, "error code 0x200");
	says(VAL | 0x1016, "TLB"); /* filtered */
}

static void bits(void **state)
{
	(void)state;
	says(5, "bank 4: nothing");
	says(VAL | 5, ", corrected; status 0x8000000000000005");
	says(VAL | UC | 5, ", not corrected; ");
	says(VAL | UC | UINT64_C(1) << 57 | 5, ", not corrected, what ran is lost (PCC); ");
	says(VAL | UINT64_C(1) << 62 | 5, ", corrected, more than one; ");
}

static void any_status_has_words(void **state)
{
	char words[192];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		mce_words((unsigned)roll(32), VAL | roll_bits(), words, sizeof(words));
		assert_true(strstr(words, "status 0x") != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_codes),
		cmocka_unit_test(bits),
		cmocka_unit_test(any_status_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
