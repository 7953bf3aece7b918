/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/soak.h"

#include "kernel/clock.h"
#include "kernel/report.h"

enum {
	SECOND_US = 1000000,
	LINES = 30, /* of progress, at most */
};

/* Of the vCPU that reports. */
static uint64_t next_line;

static uint64_t changes(const struct aspace_counts *c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MEMORY_OPS; i++)
		sum += c->changes[i];
	return sum;
}

static uint64_t faults(const struct aspace_counts *c)
{
	return c->read + c->write + c->exec + c->walk;
}

static void note_progress(const struct guest_run *run, uint64_t ticks)
{
	const struct aspace_counts *c = &run->as->counts;
	uint64_t second = clock_ticks(SECOND_US), every = run->soak / LINES + 1;

	if (ticks < next_line)
		return;
	next_line += every * second;
	if (ticks >= second)
		note("soak: %lu of %lu s, %lu changes, %lu faults, %lu flushes",
		     (unsigned long)(ticks / second), (unsigned long)run->soak,
		     (unsigned long)changes(c), (unsigned long)faults(c),
		     (unsigned long)run->as->root.due);
}

uint64_t soak_ticks(const struct guest_run *run)
{
	return run->soak * clock_ticks(SECOND_US);
}

bool soak_goes_on(const struct guest_run *run)
{
	uint64_t ticks = vcpu_ticks(run);

	if (!run->number)
		note_progress(run, ticks);
	return ticks < soak_ticks(run);
}

struct kind {
	const char *what;
	uint64_t times;
	bool large; /* not where all leaves are of 4 KiB */
};

/* Each kind has to come about once in ten seconds, on the slowest machine. */
static bool check(const struct kind *kind, bool has_large, uint64_t seconds)
{
	bool can = has_large || !kind->large;
	uint64_t least = can ? 1 + seconds / 10 : 0;

	note("soak: %10lu %s%s", (unsigned long)kind->times, kind->what,
	     can ? "" : " (none without large leaves)");
	if (kind->times < least)
		note("  WRONG: soak: at least %lu %s expected", (unsigned long)least, kind->what);
	return kind->times >= least;
}

static bool check_kinds(const struct aspace_counts *c, bool has_large, uint64_t seconds)
{
	const struct kind kinds[] = {
		{ "read faults", c->read, false },
		{ "write faults", c->write, false },
		{ "fetch faults", c->exec, false },
		{ "rights given back", c->granted, false },
		{ "tables populated", c->tables, false },
		{ "tables vacated", c->taken, false },
		{ "leaves moved", c->moves, false },
		{ "leaves split", c->splits, true },
		{ "leaves merged", c->merges, true },
		{ "times split", c->changes[MEMORY_SPLIT], false },
		{ "times merged", c->changes[MEMORY_MERGE], true },
		{ "times made read-only", c->changes[MEMORY_READ_ONLY], false },
		{ "times made not executable", c->changes[MEMORY_NO_EXEC], false },
		{ "times unmapped", c->changes[MEMORY_UNMAP], false },
		{ "times vacated", c->changes[MEMORY_VACATE], false },
		{ "times moved", c->changes[MEMORY_MOVE], false },
		{ "times cleaned of A and D", c->changes[MEMORY_CLEAN], false },
	};
	bool ok = true;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		ok &= check(&kinds[i], has_large, seconds);
	return ok;
}

bool soak_run(const struct machine *m)
{
	struct run_row row = { .ok = false };
	unsigned level = aspace_max_level(&m->probe->gpt, m->leaf);

	next_line = 0;
	if (!run_guest(m, &guest_soak, &row))
		return false;
	note("soak: %lu s, seed %lu: %lu changes, %lu faults, %lu of them spurious",
	     (unsigned long)m->soak, (unsigned long)m->seed, (unsigned long)changes(&row.counts),
	     (unsigned long)faults(&row.counts), (unsigned long)row.counts.spurious);
	return check_kinds(&row.counts, level > 1, m->soak);
}
