/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random scripts on both formats, compared with a specification and the CPU's view of the
 * tables (gpt_world.h). A failing script is shortened and printed.
 *
 *	GPT_N=20	twenty times the work
 *	GPT_SEED=7	the seed of the first script
 *	GPT_SCRIPT=...	only this script, as printed by this test or by the kernel
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit/gpt_world.h"

#define SCRIPTS 700u /* for GPT_N=1 */
#define OPS	GPT_SCRIPT_OPS
#define BATCH	100u /* scripts in one child process */

/* What a child process leaves behind, also if it crashes. */
static struct shared {
	struct gpt_tally tally;
	uint64_t seed;
	unsigned at;
	bool passed;
	char error[128];
} * shared;

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Of this process's own time, so that a busy host does not matter; SLOW times as much. */
enum { MANY_SECONDS = 60, ONE_SECONDS = 2 };

/* Runs scripts in a child process, so that a crash is one more way to fail. */
static bool passes(const struct gpt_script *script, uint64_t seed, unsigned count, bool log)
{
	const time_t seconds = (script ? ONE_SECONDS : MANY_SECONDS) * (time_t)number("SLOW", 1);
	const struct itimerval limit = { .it_value = { .tv_sec = seconds } };
	struct gpt_script rolled;
	int status;
	pid_t child;

	strcpy(shared->error, "it crashed");
	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child) {
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM)
			strcpy(shared->error, "it did not end; on a slow host, try SLOW=10");
		return WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	if (script && !log)
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	for (; count--; seed++) {
		const char *error;

		shared->seed = seed;
		if (!script)
			gpt_script_roll(&rolled, seed, OPS);
		error = gpt_world_run(script ? script : &rolled, &shared->tally, log, &shared->at);
		if (error) {
			snprintf(shared->error, sizeof(shared->error), "%s", error);
			fflush(stdout);
			_exit(1);
		}
	}
	fflush(stdout);
	_exit(0);
}

static bool fails(const struct gpt_script *script)
{
	return !passes(script, 0, 1, false);
}

static void report(const struct gpt_script *script)
{
	char text[4096];

	assert_true(fails(script)); /* its last words */
	for (unsigned i = 0; i < script->count; i++) {
		gpt_op_describe(text, sizeof(text), script, &script->ops[i]);
		print_message("# %u: %s\n", i, text);
	}
	gpt_script_print(text, sizeof(text), script);
	print_message("# to replay: GPT_SCRIPT=%s\n", text);
	fail_msg("operation %u: %s", shared->at, shared->error);
}

/* Runs a script that was seen to fail until it is short. */
static void shrink(struct gpt_script *script)
{
	print_message("# seed %lu, operation %u: %s; making it shorter\n",
		      (unsigned long)shared->seed, shared->at, shared->error);
	if (!fails(script))
		fail_msg("it does not fail a second time");
	gpt_script_shrink(script, fails);
	report(script);
}

static void random_scripts(void **state)
{
	uint64_t first = number("GPT_SEED", 1), count = number("GPT_N", 1) * SCRIPTS;
	struct gpt_script script;

	(void)state;
	for (uint64_t seed = first; seed < first + count; seed += BATCH)
		if (!passes(NULL, seed, BATCH, false)) {
			gpt_script_roll(&script, shared->seed, OPS);
			shrink(&script);
		}
	shared->passed = true;
	print_message("# seeds %lu to %lu: %lu scripts, %lu operations on each of two tables\n",
		      (unsigned long)first, (unsigned long)(first + count - 1),
		      (unsigned long)shared->tally.scripts,
		      (unsigned long)shared->tally.operations);
}

/* What has to come about: one bit for each error of each operation. */
#define OF(error) (1u << VMM_GPT_##error)
#define RANGE	  (OF(OK) | OF(MISALIGNED) | OF(OUT_OF_RANGE))

static const struct {
	unsigned errors;
	unsigned flushes;
	bool nothing; /* OK without changed, too */
} wanted[GPT_OP_KINDS] = {
	[GPT_OP_POPULATE] = { RANGE | OF(NO_MEMORY) | OF(NOT_EXPRESSIBLE), 1, true },
	[GPT_OP_VACATE] = { RANGE | OF(NO_MEMORY) | OF(STILL_MAPPED), 5, true },
	[GPT_OP_SPLIT] = { OF(OK) | OF(OUT_OF_RANGE) | OF(NOT_POPULATED) | OF(NOT_EXPRESSIBLE) |
				   OF(NO_MEMORY),
			   5, true },
	[GPT_OP_MERGE] = { OF(OK) | OF(OUT_OF_RANGE) | OF(NOT_POPULATED) | OF(NOT_EXPRESSIBLE) |
				   OF(CONFLICT) | OF(WRONG_SIZE),
			   5, true },
	[GPT_OP_MAP] = { RANGE | OF(NOT_EXPRESSIBLE) | OF(NOT_POPULATED) | OF(WRONG_SIZE) |
				 OF(CONFLICT),
			 1, true },
	[GPT_OP_MAP_AT] = { OF(OK) | OF(MISALIGNED) | OF(NOT_EXPRESSIBLE) | OF(NOT_POPULATED) |
				    OF(CONFLICT),
			    1, true },
	[GPT_OP_MAP_REGION] = { RANGE | OF(NOT_POPULATED) | OF(CONFLICT) | OF(NOT_EXPRESSIBLE) |
					OF(NO_MEMORY),
				5, true },
	[GPT_OP_UNMAP] = { RANGE, 5, true },
	[GPT_OP_UNMAP_REGION] = { RANGE | OF(NO_MEMORY), 5, true },
	[GPT_OP_PROTECT] = { RANGE | OF(NO_MEMORY) | OF(NOT_EXPRESSIBLE), 5, true },
	[GPT_OP_RESET_ACCESSED] = { OF(OK) | OF(NOT_POPULATED) | OF(WRONG_SIZE), 3, true },
	[GPT_OP_RESET_DIRTY] = { OF(OK) | OF(NOT_POPULATED) | OF(WRONG_SIZE), 5, true },
	[GPT_OP_COLLECT] = { RANGE, 7, true },
	[GPT_OP_ACCESS] = { OF(OK), 1, true },
	[GPT_OP_PUT] = { OF(OK), 1, true },
};

static void print_tally(unsigned kind)
{
	const struct gpt_tally *t = &shared->tally;
	char line[512];
	int n = 0;

	for (unsigned e = 0; e <= VMM_GPT_RETRY; e++)
		if (t->errors[kind][e])
			n += snprintf(line + n, sizeof(line) - (size_t)n, "%s %s %lu", n ? "," : "",
				      vmm_gpt_error_name(e), (unsigned long)t->errors[kind][e]);
	print_message("# %s:%s; did it %lu; flush required %lu\n", gpt_op_name(kind), line,
		      (unsigned long)t->changed[kind],
		      (unsigned long)t->flushes[kind][VMM_GPT_FLUSH_REQUIRED]);
}

static void all_came_about(void **state)
{
	const struct gpt_tally *t = &shared->tally;

	(void)state;
	if (!shared->passed)
		skip();
	for (unsigned kind = 0; kind < GPT_OP_KINDS; kind++) {
		unsigned errors = 0, flushes = 0;

		print_tally(kind);
		for (unsigned e = 0; e <= VMM_GPT_RETRY; e++)
			errors |= (t->errors[kind][e] > 0) << e;
		for (unsigned f = 0; f <= VMM_GPT_FLUSH_REQUIRED; f++)
			flushes |= (t->flushes[kind][f] > 0) << f;
		assert_int_equal(errors, wanted[kind].errors);
		assert_int_equal(flushes, wanted[kind].flushes);
		assert_true(t->did_nothing[kind] || !wanted[kind].nothing);
		assert_true(t->changed[kind] || kind == GPT_OP_ACCESS || kind == GPT_OP_PUT);
	}
	for (unsigned level = 1; level < 4; level++)
		assert_true(t->leaves[level]);
	print_message("# the CPU found %lu small pages, %lu of 2 MiB, %lu of 1 GiB\n",
		      (unsigned long)t->leaves[1], (unsigned long)t->leaves[2],
		      (unsigned long)t->leaves[3]);
}

static void as_text_and_back(void **state)
{
	static const char *const wrong[] = {
		"",
		"p",
		"c",
		"c34",
		"c34.f",
		"c34.f.0",
		"c1f.f.8",
		"c35.f.8",
		"c34.20.8",
		"c34.f.8,",
		"c34.f.8,q",
		"c34.f.8,p1.",
		"c34.f.8,p1..2",
		"c34.f.8,p31",
		"c34.f.8,p1g",
		"c34.f.8,p0.0.0.0.0.8",
		"c34.f.8,p0.0.0.0.0.0.0.0.1",
		"c34.f.8 ",
		"c34.f.8,d0.0.5",
	};
	struct gpt_script script, again;
	const char *bad;
	char text[8192];

	(void)state;
	for (unsigned seed = 0; seed < 100; seed++) {
		size_t n;

		gpt_script_roll(&script, seed, OPS);
		n = gpt_script_print(text, sizeof(text), &script);
		assert_int_equal(n, strlen(text));
		assert_true(gpt_script_parse(&again, text, n, &bad));
		assert_int_equal(again.count, OPS);
		assert_memory_equal(again.ops, script.ops, OPS * sizeof(script.ops[0]));
		assert_memory_equal(&again.caps, &script.caps, sizeof(script.caps));
		assert_int_equal(again.limit, script.limit);
	}
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (gpt_script_parse(&script, wrong[i], strlen(wrong[i]), &bad))
			fail_msg("\"%s\" was taken for a script", wrong[i]);
}

/* One that somebody has: each operation is printed. */
static void given_script(void **state)
{
	const char *text = getenv("GPT_SCRIPT"), *bad;
	struct gpt_script script;

	(void)state;
	if (!gpt_script_parse(&script, text, strlen(text), &bad))
		fail_msg("GPT_SCRIPT: no script, from \"%s\" on", bad);
	if (!passes(&script, 0, 1, true))
		shrink(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text_and_back),
		cmocka_unit_test(random_scripts),
		cmocka_unit_test(all_came_about),
	};
	const struct CMUnitTest given[] = { cmocka_unit_test(given_script) };

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	if (getenv("GPT_SCRIPT"))
		return cmocka_run_group_tests_name("a script", given, NULL, NULL);
	return cmocka_run_group_tests_name("gpt against a model", tests, NULL, NULL);
}
