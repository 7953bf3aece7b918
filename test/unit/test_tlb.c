/* SPDX-License-Identifier: BSD-2-Clause */
/* When a CPU must flush before it enters a root. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernel/vm/tlb.h"

static uint64_t nmi_seen;

/* An entry as the vendors make it. True: with a flush. */
static bool enter(struct tlb_cpu *cpu, const struct tlb_context *root)
{
	bool due;

	tlb_enter_guest(cpu, root, &nmi_seen);
	due = tlb_needs_flush(cpu, root);
	tlb_note_entry(cpu, root, due);
	tlb_exit_guest(cpu);
	return due;
}

static void each_switch_flushes_once(void **state)
{
	struct tlb_context a = { .ctx_id = 1 }, b = { .ctx_id = 2 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(enter(&cpu, &a));
		assert_false(enter(&cpu, &a));
		assert_true(enter(&cpu, &b));
		assert_false(enter(&cpu, &b));
	}
	assert_int_equal(cpu.nflushes, 6);
}

static void a_change_is_flushed_for_once_on_each_cpu(void **state)
{
	struct tlb_context a = { .ctx_id = 1 };
	struct tlb_cpu cpus[2] = { 0 };

	(void)state;
	enter(&cpus[0], &a);
	enter(&cpus[1], &a);
	tlb_gen_bump(&a);
	tlb_gen_bump(&a);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(enter(&cpus[i], &a));
		assert_false(enter(&cpus[i], &a));
		assert_int_equal(cpus[i].flushed_gen, 2);
	}
}

/* Or who changes the new root would take the larger number for an answer. */
static void another_roots_count_is_forgotten(void **state)
{
	struct tlb_context a = { .ctx_id = 1 }, b = { .ctx_id = 2 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		tlb_gen_bump(&a);
	enter(&cpu, &a);
	assert_int_equal(cpu.flushed_gen, 1000);
	tlb_gen_bump(&b);
	tlb_enter_guest(&cpu, &b, &nmi_seen);
	assert_int_equal(cpu.active_ctx, 2);
	assert_int_equal(cpu.flushed_gen, 0);
	tlb_note_entry(&cpu, &b, true);
	assert_int_equal(cpu.flushed_gen, 1);
}

/* Another CPU may have made it since, for the vCPU that was to be entered. */
static void what_was_not_entered_is_not_flushed(void **state)
{
	struct tlb_context a = { .ctx_id = 1 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	enter(&cpu, &a);
	tlb_gen_bump(&a);
	tlb_enter_guest(&cpu, &a, &nmi_seen);
	tlb_note_entry(&cpu, &a, true);
	tlb_forget(&cpu);
	tlb_exit_guest(&cpu);
	assert_true(tlb_is_stale(&cpu, &a));
	assert_int_equal(cpu.nflushes, 1);
	assert_true(enter(&cpu, &a));
	assert_int_equal(cpu.nflushes, 2);
}

static void a_kick_is_for_this_stay(void **state)
{
	struct tlb_context a = { .ctx_id = 1 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	tlb_enter_guest(&cpu, &a, &nmi_seen);
	assert_int_equal(nmi_seen, 0);
}

static void no_entry_without_the_flush(void **state)
{
	struct tlb_context a = { .ctx_id = 1 };
	struct tlb_cpu cpu = { 0 };

	(void)state;
	tlb_enter_guest(&cpu, &a, &nmi_seen);
	expect_assert_failure(tlb_note_entry(&cpu, &a, false));
	enter(&cpu, &a);
	tlb_gen_bump(&a);
	tlb_enter_guest(&cpu, &a, &nmi_seen);
	expect_assert_failure(tlb_note_entry(&cpu, &a, false));
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
