/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/soak.h"

#include "kernel/host/clock.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"
#include "kernel/suite/report.h"

enum {
	SECOND_US = 1000000,
	LINES = 30,   /* the most lines of progress */
	PATIENCE = 4, /* extends the soak up to this factor, until each kind has occurred */
	CLOCK_STEPS = 64,
	/* In practice, each kind occurs more often than once in 150 changes. */
	KIND_EVERY = 1000,     /* changes in which it must occur once */
	CHANGES_ENOUGH = 4000, /* from so many changes on, a missing kind is an error */
};

/* vCPU 0 advances the clock. The time between two polls counts at most one step, because
 * nothing happens while the machine is stopped. */
static struct {
	uint64_t seconds;
	uint64_t ticks, last; /* elapsed; TSC at the last poll */
	uint64_t next_line;   /* when to print progress, as .ticks */
} soak;

static uint64_t ticks_asked(void)
{
	return soak.seconds * clock_ticks(SECOND_US);
}

static uint64_t tick(const struct guest_run *run)
{
	uint64_t now = rdtsc(), passed = now - soak.last, step = ticks_asked() / CLOCK_STEPS;

	if (!run->number) {
		soak.last = now;
		__atomic_fetch_add(&soak.ticks, passed < step ? passed : step, __ATOMIC_RELAXED);
	}
	return __atomic_load_n(&soak.ticks, __ATOMIC_RELAXED);
}

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
	const struct aspace_counts *c = &run->v.as->counts;
	uint64_t second = clock_ticks(SECOND_US), every = soak.seconds / LINES + 1;

	if (ticks < soak.next_line)
		return;
	soak.next_line += every * second;
	if (ticks >= second)
		note("soak: %lu of %lu s, %lu changes, %lu faults, %lu flushes",
		     (unsigned long)(ticks / second), (unsigned long)soak.seconds,
		     (unsigned long)changes(c), (unsigned long)faults(c),
		     (unsigned long)run->v.as->ctx.tlb_gen);
}

struct kind {
	const char *what;
	const char *figure; /* NULL: report_counts has it */
	uint64_t times;
	bool large; /* needs large leaves */
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
		{ "times made not executable", "change.no-exec", c->changes[MEMORY_NO_EXEC],
		  false },
		{ "times unmapped", "change.unmap", c->changes[MEMORY_UNMAP], false },
		{ "times vacated", "change.vacate", c->changes[MEMORY_VACATE], false },
		{ "times moved", "change.move", c->changes[MEMORY_MOVE], false },
		{ "times cleaned of A and D", "change.clean", c->changes[MEMORY_CLEAN], false },
	};

	memcpy(kinds, all, sizeof(all));
}

/* How often a kind must occur: depends on the work done, not on the time that it took. */
static uint64_t least(const struct kind *kind, uint64_t changes, bool has_large)
{
	return has_large || !kind->large ? 1 + changes / KIND_EVERY : 0;
}

static bool has_all(const struct aspace_counts *c, bool has_large)
{
	struct kind kinds[KINDS];

	kinds_of(c, kinds);
	for (unsigned i = 0; i < KINDS; i++)
		if (kinds[i].times < least(&kinds[i], changes(c), has_large))
			return false;
	return true;
}

/* A kind is missing, but perhaps only because there were so few changes. */
static bool is_starved(const struct aspace_counts *c, bool has_large)
{
	return changes(c) < CHANGES_ENOUGH && !has_all(c, has_large);
}

static uint64_t ticks_max(void)
{
	return clock_patience_ticks(soak.seconds * SECOND_US) * PATIENCE;
}

/*
 * HC_MORE: the eighths of the time that are left, rounded up; 0: none. The last one is
 * extended while too few changes were made for each kind to occur.
 */
static uint64_t left(const struct guest_run *run)
{
	uint64_t ticks = tick(run), all = ticks_asked();

	if (!run->number)
		note_progress(run, ticks);
	if (ticks < all)
		return SOAK_EIGHTHS - ticks / (all / SOAK_EIGHTHS + 1);
	return ticks < ticks_max() && is_starved(&run->v.as->counts, run->v.as->max_level > 1);
}

static bool check(const struct kind *kind, uint64_t n)
{
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
		ok &= check(&kinds[i], least(&kinds[i], changes(c), has_large));
	return ok;
}

bool soak_run(const struct machine *m, uint64_t seconds, struct run_counts *counts)
{
	struct machine machine = *m;
	bool has_large = aspace_max_level(&m->probe->gpt, m->leaf) > 1;

	soak.seconds = seconds;
	soak.ticks = 0;
	soak.last = rdtsc();
	soak.next_line = 0;
	machine.more = left;
	machine.more_budget = ticks_max();
	if (!run_guest(&machine, &guest_soak, counts))
		return false;
	report_figure(guest_soak.name, "changes", changes(&counts->memory), "changes");
	report_figure(guest_soak.name, "faults.spurious", counts->memory.spurious, "faults");
	if (!is_starved(&counts->memory, has_large))
		return check_kinds(&counts->memory, has_large);
	counts->starved = "too few changes were made for each kind to come";
	return true;
}
