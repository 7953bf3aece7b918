/* SPDX-License-Identifier: BSD-2-Clause */
/* The flush ledger: what a CPU owes to the root that it is about to enter. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/tlb.h"

/* An entry as the vendors make it. True: with a flush. */
static bool enter(struct tlb_cpu *cpu, const struct tlb_root *root)
{
	bool due;

	tlb_begin(cpu, root);
	due = tlb_is_due(cpu, root);
	tlb_entering(cpu, root, due);
	tlb_end(cpu);
	return due;
}

static void each_switch_flushes_once(void **state)
{
	struct tlb_root a = { .serial = 1 }, b = { .serial = 2 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(enter(&cpu, &a));
		assert_false(enter(&cpu, &a));
		assert_true(enter(&cpu, &b));
		assert_false(enter(&cpu, &b));
	}
	assert_int_equal(cpu.made, 6);
}

static void a_change_is_flushed_for_once_on_each_cpu(void **state)
{
	struct tlb_root a = { .serial = 1 };
	struct tlb_cpu cpus[2] = { 0 };

	(void)state;
	enter(&cpus[0], &a);
	enter(&cpus[1], &a);
	tlb_mark_due(&a);
	tlb_mark_due(&a);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(enter(&cpus[i], &a));
		assert_false(enter(&cpus[i], &a));
		assert_int_equal(cpus[i].done, 2);
	}
}

/* Or who changes the new root would take the larger number for an answer. */
static void another_roots_count_is_forgotten(void **state)
{
	struct tlb_root a = { .serial = 1 }, b = { .serial = 2 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		tlb_mark_due(&a);
	enter(&cpu, &a);
	assert_int_equal(cpu.done, 1000);
	tlb_mark_due(&b);
	tlb_begin(&cpu, &b);
	assert_int_equal(cpu.inside, 2);
	assert_int_equal(cpu.done, 0);
	tlb_entering(&cpu, &b, true);
	assert_int_equal(cpu.done, 1);
}

/* Another CPU may have made it since, for the vCPU that was to be entered. */
static void what_was_not_entered_is_not_flushed(void **state)
{
	struct tlb_root a = { .serial = 1 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	enter(&cpu, &a);
	tlb_mark_due(&a);
	tlb_begin(&cpu, &a);
	tlb_entering(&cpu, &a, true);
	tlb_not_flushed(&cpu);
	tlb_end(&cpu);
	assert_true(tlb_owes(&cpu, &a));
	assert_int_equal(cpu.made, 1);
	assert_true(enter(&cpu, &a));
	assert_int_equal(cpu.made, 2);
}

static void a_kick_is_for_this_stay(void **state)
{
	struct tlb_root a = { .serial = 1 };
	struct tlb_cpu cpu = { .kicked = 1 };

	(void)state;
	tlb_begin(&cpu, &a);
	assert_int_equal(cpu.kicked, 0);
}

static void no_entry_without_the_flush(void **state)
{
	struct tlb_root a = { .serial = 1 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	tlb_begin(&cpu, &a);
	expect_assert_failure(tlb_entering(&cpu, &a, false));
	enter(&cpu, &a);
	tlb_mark_due(&a);
	tlb_begin(&cpu, &a);
	expect_assert_failure(tlb_entering(&cpu, &a, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_switch_flushes_once),
		cmocka_unit_test(a_change_is_flushed_for_once_on_each_cpu),
		cmocka_unit_test(another_roots_count_is_forgotten),
		cmocka_unit_test(what_was_not_entered_is_not_flushed),
		cmocka_unit_test(a_kick_is_for_this_stay),
		cmocka_unit_test(no_entry_without_the_flush),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
