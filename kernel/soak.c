/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/soak.h"

#include "kernel/clock.h"
#include "kernel/report.h"
#include "kernel/string.h"

enum {
	SECOND_US = 1000000,
	LINES = 30,   /* of progress, at most */
	PATIENCE = 4, /* times as long as asked, until each kind of change has come */
};

static struct {
	uint64_t seconds;
	uint64_t next_line; /* of progress, in ticks; of the vCPU that reports */
} soak;

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
	uint64_t second = clock_ticks(SECOND_US), every = soak.seconds / LINES + 1;

	if (ticks < soak.next_line)
		return;
	soak.next_line += every * second;
	if (ticks >= second)
		note("soak: %lu of %lu s, %lu changes, %lu faults, %lu flushes",
		     (unsigned long)(ticks / second), (unsigned long)soak.seconds,
		     (unsigned long)changes(c), (unsigned long)faults(c),
		     (unsigned long)run->as->root.due);
}

struct kind {
	const char *what;
	const char *figure; /* NULL: it is one of each guest's */
	uint64_t times;
	bool large; /* not where all leaves are of 4 KiB */
};

enum { KINDS = 17 };

static void kinds_of(const struct aspace_counts *c, struct kind kinds[KINDS])
{
	const struct kind all[KINDS] = {
		{ "read faults", NULL, c->read, false },
		{ "write faults", NULL, c->write, false },
		{ "fetch faults", NULL, c->exec, false },
		{ "rights given back", "rights-given-back", c->granted, false },
		{ "tables populated", NULL, c->tables, false },
		{ "tables vacated", "tables-vacated", c->taken, false },
		{ "leaves moved", "leaves-moved", c->moves, false },
		{ "leaves split", "leaves-split", c->splits, true },
		{ "leaves merged", "leaves-merged", c->merges, true },
		{ "times split", "change.split", c->changes[MEMORY_SPLIT], false },
		{ "times merged", "change.merge", c->changes[MEMORY_MERGE], true },
		{ "times made read-only", "change.read-only", c->changes[MEMORY_READ_ONLY], false },
		{ "times made not executable", "change.no-exec", c->changes[MEMORY_NO_EXEC], false },
		{ "times unmapped", "change.unmap", c->changes[MEMORY_UNMAP], false },
		{ "times vacated", "change.vacate", c->changes[MEMORY_VACATE], false },
		{ "times moved", "change.move", c->changes[MEMORY_MOVE], false },
		{ "times cleaned of A and D", "change.clean", c->changes[MEMORY_CLEAN], false },
	};

	memcpy(kinds, all, sizeof(all));
}

/* Each kind has to come about once in ten seconds. */
static uint64_t least(const struct kind *kind, bool has_large)
{
	return has_large || !kind->large ? 1 + soak.seconds / 10 : 0;
}

static bool has_all(const struct guest_run *run)
{
	struct kind kinds[KINDS];

	kinds_of(&run->as->counts, kinds);
	for (unsigned i = 0; i < KINDS; i++)
		if (kinds[i].times < least(&kinds[i], run->as->max_level > 1))
			return false;
	return true;
}

static uint64_t ticks_max(void)
{
	return soak.seconds * clock_ticks(SECOND_US) * PATIENCE;
}

/*
 * What is left of the time, in eighths of it, a part counts; 0: nothing. The last one
 * is longer if some kind of change has not come often enough.
 */
static uint64_t left(const struct guest_run *run)
{
	uint64_t ticks = vcpu_ticks(run), all = soak.seconds * clock_ticks(SECOND_US);

	if (!run->number)
		note_progress(run, ticks);
	if (ticks < all)
		return SOAK_EIGHTHS - ticks / (all / SOAK_EIGHTHS + 1);
	return ticks < ticks_max() && !has_all(run);
}

static bool check(const struct kind *kind, bool has_large)
{
	uint64_t n = least(kind, has_large);

	if (kind->figure)
		report_figure(guest_soak.name, kind->figure, kind->times, "times");
	if (kind->times < n)
		report_wrong("at least %lu %s expected, saw %lu", (unsigned long)n, kind->what,
			     (unsigned long)kind->times);
	return kind->times >= n;
}

static bool check_kinds(const struct aspace_counts *c, bool has_large)
{
	struct kind kinds[KINDS];
	bool ok = true;

	kinds_of(c, kinds);
	for (unsigned i = 0; i < KINDS; i++)
		ok &= check(&kinds[i], has_large);
	return ok;
}

bool soak_run(const struct machine *m, uint64_t seconds)
{
	struct run_counts counts;
	struct machine machine = *m;
	unsigned level = aspace_max_level(&m->probe->gpt, m->leaf);

	soak.seconds = seconds;
	soak.next_line = 0;
	machine.more = left;
	machine.more_budget = ticks_max();
	if (!run_guest(&machine, &guest_soak, &counts))
		return false;
	report_figure(guest_soak.name, "changes", changes(&counts.memory), "changes");
	report_figure(guest_soak.name, "faults.spurious", counts.memory.spurious, "faults");
	return check_kinds(&counts.memory, level > 1);
}
