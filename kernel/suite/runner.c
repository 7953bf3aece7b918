/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/runner.h"

#include "kernel/check/audit.h"
#include "kernel/host/pages.h"
#include "kernel/host/panic.h"
#include "kernel/host/smp.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"
#include "kernel/suite/cmdline.h"
#include "kernel/suite/expect.h"
#include "kernel/suite/report.h"
#include "kernel/suite/timeslice.h"
#include "kernel/suite/vcpu_thread.h"

static unsigned count_regions(const struct guest *guest)
{
	unsigned n = 0;

	while (n < GUEST_REGIONS_MAX && guest->regions[n].size)
		n++;
	return n;
}

static void print_map(const struct guest *guest)
{
	note("%s: %s", guest->name, guest->title);
	for (unsigned i = 0; i < count_regions(guest); i++) {
		const struct region *r = &guest->regions[i];

		note("  0x%012lx-0x%012lx %s %-8s %8lu KiB, %s", (unsigned long)r->start,
		     (unsigned long)(r->start + r->size), region_rights(r), r->name,
		     (unsigned long)(r->size >> 10),
		     r->kind == REGION_HOLE ? "nothing" :
		     r->image		    ? "its image" :
					      "zeroes");
	}
}

/* Setup and teardown. */

/* The guest could not start. That is right only with an injected allocation failure. */
static bool give_up(const struct machine *m, const struct guest *guest, const char *why)
{
	if (m->fail_alloc)
		note("%s: could not be started: %s", guest->name, why);
	else
		report_wrong("it could not be started: %s", why);
	return m->fail_alloc;
}

static unsigned count_vcpus(const struct guest *guest)
{
	return guest->vcpus == GUEST_VCPUS_ALL ? vcpu_thread_cpus() :
	       guest->vcpus		       ? guest->vcpus :
						 1;
}

static unsigned count_copies(const struct guest *guest)
{
	return guest->copies ? guest->copies : 1;
}

/* A guest has several vCPUs, or several copies, or neither. */
static unsigned count_lives(const struct guest *guest)
{
	return count_vcpus(guest) * count_copies(guest);
}

static void live(struct cpu *cpu, void *arg)
{
	struct vcpu_thread *thread = arg;

	vcpu_thread_start(thread, cpu);
	while (!thread->over)
		vcpu_thread_run(thread);
}

static struct vcpu_thread threads[ASPACE_CPUS_MAX];
static struct timeslices turns;
_Static_assert((int)GUEST_COPIES_MAX <= (int)ASPACE_CPUS_MAX, "each has a thread");

static uint64_t more_rounds(const struct guest_run *run)
{
	return __atomic_fetch_add(run->rounds, 1, __ATOMIC_RELAXED) < run->guest->rounds;
}

/* The safety net, in TSC ticks; also for a guest that is to use up its budget. */
static uint64_t net_of(const struct machine *m, const struct guest *guest)
{
	uint64_t net = guest->budget > GUEST_BUDGET ? guest->budget : GUEST_BUDGET;

	return net * m->slow + m->more_budget;
}

/* spaces: one for each copy; only one if there are none. */
static void prepare(const struct machine *m, const struct guest *guest, struct aspace *spaces)
{
	static bool stop;
	static uint64_t rounds, active;
	unsigned n = count_lives(guest);

	stop = false;
	rounds = active = 0;
	for (unsigned i = 0; i < n; i++) {
		threads[i].seed = m->seed;
		threads[i].may_lack_memory = m->fail_alloc;
		threads[i].count = n;
		threads[i].over = false;
		threads[i].run = (struct guest_run){
			.v = {
				.hooks = m->trace ? &guest_hooks_tracing : &guest_hooks, .ops = m->ops,
				.as = guest->copies ? &spaces[i] : spaces,
				.vcpu = &threads[i].vcpu,
				.shared = count_vcpus(guest) > 1, .stop = &stop,
			},
			.guest = guest,
			.slice_timer = m->probe->slice_timer,
			.number = i, .vcpus = count_vcpus(guest), .stop = &stop,
			.rounds = &rounds, .active = &active, .may_yield = guest->copies || guest->wanders,
			.more = m->more ? m->more : more_rounds,
			.time.net = net_of(m, guest),
		};
	}
}

/* Runs n vCPUs, each on its own CPU, and waits for all. */
static void live_apart(const struct machine *m, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		smp_run(smp_cpu(i), live, &threads[i]);
	live(m->cpu, &threads[0]);
	for (unsigned i = 1; i < n; i++)
		smp_wait(smp_cpu(i));
}

static void live_all(const struct machine *m, const struct guest *guest, struct aspace *spaces)
{
	prepare(m, guest, spaces);
	if (guest->copies)
		turns = timeslice_run(threads, guest->copies, m->cpu);
	else if (guest->wanders)
		turns = migrate_run(&threads[0]);
	else
		live_apart(m, count_vcpus(guest));
	pages_set_quota(UINT64_MAX);
}

/* A missing flush would have failed the assertion of tlb_note_entry; this check
 * finds unnecessary ones. */
static bool judge_turns(const struct guest *guest)
{
	if (!guest->copies && !guest->wanders)
		return true;
	note("  %lu turns, of them %lu cut off by their slice's end; %lu flushes were made",
	     (unsigned long)turns.turns, (unsigned long)turns.slices, (unsigned long)turns.flushes);
	return expect_same("flushes made", guest->copies ? turns.switches : guest->expect.flushes,
			   turns.flushes);
}

/* The vCPU or copy that the injected allocation failure ended; else the first one. */
static const struct guest_run *who_failed(unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (threads[i].run.v.end.kind == END_MEMORY)
			return &threads[i].run;
	return &threads[0].run;
}

/* Whether one of them got too little time: then there is no verdict. */
static bool is_starved(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (threads[i].run.v.end.kind == END_STARVED)
			return true;
	return false;
}

/* *reached: the injected allocation failure happened. */
static bool judge(const struct machine *m, const struct guest *guest,
		  const struct replay_machine *memory, struct run_counts *counts, bool *reached)
{
	unsigned n = count_lives(guest);
	bool ok = judge_turns(guest);

	for (unsigned i = 0; i < n; i++) {
		if (!threads[i].started)
			return give_up(m, guest, threads[i].error);
		counts->exits += vcpu_own_exits(&threads[i].run.v);
	}
	counts->memory = threads[0].run.v.as->counts;
	counts->ticks = threads[0].run.time.ticks;
	*reached = pages_fail_at(0);
	if (is_starved(n)) {
		counts->starved =
			"its time was over before it could move, however much it was given";
		return ok;
	}
	if (*reached)
		return expect_compare_failed(who_failed(n)) && ok;
	if (n == 1 && !guest->wanders)
		return expect_compare(&threads[0].run, memory);
	for (unsigned i = 0; i < n; i++)
		ok &= expect_compare_racing(&threads[i].run, memory);
	return ok;
}

/* The memory that its leaves can use. Call it before any is mapped. */
static struct replay_machine memory_for(const struct guest *guest)
{
	return (struct replay_machine){
		.blocks = { [2] = pages_blocks(aspace_leaf_order(2)),
			    [3] = pages_blocks(aspace_leaf_order(3)) },
		.pages = guest->memory_pages ? guest->memory_pages : UINT64_MAX,
	};
}

/* The number of CPUs that may use one of its address spaces. */
static unsigned count_cpus(const struct guest *guest)
{
	return guest->wanders ? vcpu_thread_cpus() : count_vcpus(guest);
}

/* Makes an address space for each copy. False: no memory; none is left. */
static bool make_spaces(const struct machine *m, const struct guest *guest, struct aspace *spaces)
{
	for (unsigned i = 0; i < count_copies(guest); i++) {
		if (aspace_init(&spaces[i], m->ops->format, &m->probe->gpt, m->leaf,
				count_cpus(guest), guest->regions, count_regions(guest)))
			continue;
		while (i--)
			VERIFY_EQ(aspace_fini(&spaces[i], m->cpu, m->ops->invalidate), 0);
		return false;
	}
	return true;
}

/* Frees the last copy first. Each audit takes into account the copies that are still there. */
static bool take_down(const struct machine *m, struct aspace *spaces, unsigned n,
		      const struct audit_base *base)
{
	bool ok = true;

	for (unsigned i = 0; i < n; i++)
		aspace_reap(&spaces[i]);
	while (n--) {
		struct audit_base beside = *base;

		for (unsigned i = 0; i < n; i++)
			audit_add_guest(&beside, &spaces[i]);
		ok &= audit_aspace(&spaces[n], &beside);
		ok &= expect_same("table pages left after vacating", 0,
				  aspace_fini(&spaces[n], m->cpu, m->ops->invalidate));
	}
	return ok;
}

/* One run in which the n-th allocation fails; 0: none. *reached: there were that many. */
static bool run_once(const struct machine *m, const struct guest *guest, struct run_counts *counts,
		     uint64_t n, bool *reached)
{
	static struct aspace spaces[GUEST_COPIES_MAX];
	struct replay_machine memory = memory_for(guest);
	struct audit_base base = audit_begin(report_wrong);
	uint64_t before = pages_free_count();
	bool ok;

	log_alive();
	*reached = true; /* if it cannot start; else judge sets it */
	counts->exits = 0;
	pages_fail_at(n);
	if (make_spaces(m, guest, spaces)) {
		memory.max_level = spaces[0].max_level;
		memory.small_exec = spaces[0].gpt.caps.small_exec;
		live_all(m, guest, spaces);
		ok = judge(m, guest, &memory, counts, reached);
		ok &= take_down(m, spaces, count_copies(guest), &base);
	} else {
		ok = give_up(m, guest, "no memory for its page table");
	}
	pages_fail_at(0);
	ok &= expect_same("free pages after it", before, pages_free_count());
	return audit_nothing_left(&base) && ok;
}

/* Runs the guest once for each allocation that fails, until a run makes fewer allocations. */
static bool run_failing(const struct machine *m, const struct guest *guest,
			struct run_counts *counts)
{
	bool all = m->fail_alloc == CMDLINE_FAIL_ALL, ok = true, reached = true;
	uint64_t n = all ? 1 : m->fail_alloc, failed = 0;

	for (; ok && reached; n++) {
		ok = run_once(m, guest, counts, n, &reached);
		if (!all)
			return ok;
		failed += reached;
	}
	note("%s: each of its %lu allocations failed once", guest->name, (unsigned long)failed);
	return ok;
}

static void report_counts(const char *guest, const struct run_counts *c)
{
	report_figure(guest, "faults.read", c->memory.read, "faults");
	report_figure(guest, "faults.write", c->memory.write, "faults");
	report_figure(guest, "faults.fetch", c->memory.exec, "faults");
	report_figure(guest, "faults.walk", c->memory.walk, "faults");
	report_figure(guest, "pages", c->memory.pages, "pages");
	report_figure(guest, "tables", c->memory.tables, "pages");
	report_figure(guest, "exits", c->exits, "exits");
	report_figure(guest, "ticks", c->ticks, "ticks");
}

bool run_guest(const struct machine *m, const struct guest *guest, struct run_counts *counts)
{
	bool reached, ok;

	*counts = (struct run_counts){ .ticks = 0 };
	print_map(guest);
	if (m->fail_alloc)
		return run_failing(m, guest, counts);
	ok = run_once(m, guest, counts, 0, &reached);
	if (counts->ticks)
		report_counts(guest->name, counts);
	return ok;
}
