/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/expect.h"

#include "kernel/lib/format.h"
#include "kernel/lib/string.h"
#include "kernel/suite/replay.h"
#include "kernel/suite/report.h"

enum { OUTPUT_WORDS = 4 * GUEST_OUTPUT_MAX }; /* enough if each byte is escaped */

static const char *const end_names[END_KINDS] = {
	[END_DONE] = "said that it is done",
	[END_HOLE] = "touched what is not there",
	[END_DENIED] = "touched a region in a way that it does not allow",
	[END_MEMORY] = "needed a page when none was left",
	[END_BUDGET] = "ran for longer than its budget",
	[END_STARVED] = "got no time from the host below",
	[END_HALTED] = "halted, and nothing can wake it",
	[END_TRIPLE_FAULT] = "triple fault",
	[END_UNEXPECTED] = "an exit that nobody expects",
	[END_ENTRY_FAILED] = "the CPU refused to enter it",
	[END_STOPPED] = "stopped, because of another vCPU's end",
};

void expect_describe_end(const struct vcpu_end *e, char *words, size_t size)
{
	static const char *const access[] = {
		[ACCESS_READ] = "read", [ACCESS_WRITE] = "write", [ACCESS_EXEC] = "fetch"
	};

	switch (e->kind) {
	case END_DONE:
		format(words, size, "%s, verdict %lu", end_names[e->kind], (unsigned long)e->value);
		break;
	case END_HOLE:
	case END_DENIED:
	case END_MEMORY:
		format(words, size, "%s: %s of gpa 0x%012lx, %smapped", end_names[e->kind],
		       e->walk	 ? "page walk" :
		       e->access ? access[e->access] :
				   "a change",
		       (unsigned long)e->gpa, e->mapped ? "" : "not ");
		break;
	default:
		format(words, size, "%s", end_names[e->kind]);
	}
}

static bool same_up_to(const char *what, uint64_t expected, uint64_t optional, uint64_t seen)
{
	char range[48], number[24];

	if (seen >= expected && seen - expected <= optional)
		return true;
	if (optional)
		format(range, sizeof(range), "%lu to %lu", (unsigned long)expected,
		       (unsigned long)(expected + optional));
	else
		format(range, sizeof(range), "%lu", (unsigned long)expected);
	format(number, sizeof(number), "%lu", (unsigned long)seen);
	report_differs(what, range, number);
	return false;
}

bool expect_same(const char *what, uint64_t expected, uint64_t seen)
{
	return same_up_to(what, expected, 0, seen);
}

static bool is_end(const struct vcpu_end *expected, const struct vcpu_end *seen)
{
	return expected->kind == seen->kind && expected->value == seen->value &&
	       expected->gpa == seen->gpa && expected->access == seen->access &&
	       expected->walk == seen->walk && expected->mapped == seen->mapped;
}

static void end_differs(const struct vcpu_end *expected, const struct guest_run *run)
{
	char words[VMM_TEXT_MAX], seen[VMM_TEXT_MAX];

	expect_describe_end(expected, words, sizeof(words));
	expect_describe_end(&run->v.end, seen, sizeof(seen));
	report_differs_words("end", words, seen);
}

/* Does not report again what expect_end has already reported. */
static bool compare_end(const struct vcpu_end *expected, const struct guest_run *run)
{
	if (is_end(expected, &run->v.end))
		return true;
	if (!run->end_differs)
		end_differs(expected, run);
	return false;
}

static bool compare_output(const char *expected, const struct guest_run *run)
{
	char words[OUTPUT_WORDS], seen[OUTPUT_WORDS];

	if (!expected)
		expected = "";
	if (strcmp(expected, run->output) == 0)
		return true;
	format_escaped(words, sizeof(words), expected, strlen(expected));
	format_escaped(seen, sizeof(seen), run->output, run->output_length);
	report_differs_words("output", words, seen);
	return false;
}

/* For END_MEMORY, the gpa comes from the replay. */
static struct vcpu_end expected_end(const struct guest *guest, const struct replay *replay)
{
	struct vcpu_end end = guest->expect.end;

	if (end.kind == END_MEMORY)
		end.gpa = replay->end_gpa;
	return end;
}

static bool compare_counts(const struct aspace_counts *expected, const struct aspace_counts *seen)
{
	bool ok = true;

	ok &= expect_same("read faults", expected->read, seen->read);
	ok &= expect_same("write faults", expected->write, seen->write);
	ok &= expect_same("fetch faults", expected->exec, seen->exec);
	ok &= expect_same("page-walk faults", expected->walk, seen->walk);
	ok &= expect_same("spurious faults", 0, seen->spurious);
	ok &= expect_same("faults that got a right back", expected->granted, seen->granted);
	ok &= expect_same("smaller leaves than asked for", expected->smaller, seen->smaller);
	ok &= expect_same("pages mapped", expected->pages, seen->pages);
	ok &= expect_same("tables populated", expected->tables, seen->tables);
	ok &= expect_same("leaves split", expected->splits, seen->splits);
	ok &= expect_same("leaves merged", expected->merges, seen->merges);
	ok &= expect_same("leaves moved", expected->moves, seen->moves);
	return ok;
}

static bool compare_exits(const struct guest_run *run, const struct aspace_counts *c)
{
	const struct guest_expect *e = &run->guest->expect;
	bool ok = true;

	for (unsigned i = 0; i < EXIT_KINDS; i++) {
		uint64_t expected =
			i == EXIT_FAULT ? c->read + c->write + c->exec + c->walk : e->exits[i];

		if (i != EXIT_INTERRUPT && i != EXIT_NMI && i != EXIT_TIMER)
			ok &= same_up_to(vcpu_exit_names[i], expected, e->optional[i],
					 run->v.exits[i]);
	}
	return ok;
}

/* Leaves, with A and D as hardware set them. */

struct tally {
	uint64_t leaves[4]; /* by level */
	uint64_t accessed, dirty;
	unsigned wrong;
};

enum { SHOWN_MAX = 4 }; /* further wrong leaves are only counted */

static const char *const sizes[] = { "no size", "4 KiB", "2 MiB", "1 GiB" };

static void wrong_leaf(struct tally *tally, uint64_t gpa, unsigned level, const char *what)
{
	if (tally->wrong++ < SHOWN_MAX)
		report_wrong("the leaf of %s at 0x%012lx %s", sizes[level], (unsigned long)gpa,
			     what);
}

static void compare_leaf(const struct guest_run *run, const struct vmm_gpt_extent *e,
			 struct tally *tally)
{
	const struct vmm_gpt_leaf *leaf = &e->leaf;
	const struct replay_leaf *expected = replay_leaf(e->gpa, leaf->level);

	tally->leaves[leaf->level]++;
	tally->accessed += leaf->accessed;
	tally->dirty += leaf->dirty;
	if (!expected) {
		wrong_leaf(tally, e->gpa, leaf->level, "should not be there, or not in this size");
		return;
	}
	if (!(leaf->prot & VMM_GPT_WRITE) == expected->writable)
		wrong_leaf(tally, e->gpa, leaf->level,
			   expected->writable ? "cannot be written to" : "can be written to");
	if (!(leaf->prot & VMM_GPT_EXEC) == expected->executable)
		wrong_leaf(tally, e->gpa, leaf->level,
			   expected->executable ? "cannot be executed" : "can be executed");
	if (!vmm_gpt_can_track_dirty(&run->v.as->gpt) || expected->any_ad)
		return;
	if (leaf->accessed != expected->accessed)
		wrong_leaf(tally, e->gpa, leaf->level,
			   leaf->accessed ? "is accessed, and nobody touched it" :
					    "was touched, and is not accessed");
	if (leaf->dirty != expected->dirty)
		wrong_leaf(tally, e->gpa, leaf->level,
			   leaf->dirty ? "is dirty, and nobody wrote to it" :
					 "was written to, and is not dirty");
}

static void note_leaves(const struct guest_run *run, const struct tally *tally)
{
	char ad[64] = "this CPU keeps no A and D";

	if (vmm_gpt_can_track_dirty(&run->v.as->gpt))
		format(ad, sizeof(ad), "%lu accessed, %lu dirty", (unsigned long)tally->accessed,
		       (unsigned long)tally->dirty);
	note("  leaves: %lu of 4 KiB, %lu of 2 MiB, %lu of 1 GiB; %s",
	     (unsigned long)tally->leaves[1], (unsigned long)tally->leaves[2],
	     (unsigned long)tally->leaves[3], ad);
	if (run->v.as->counts.smaller)
		note("  leaves smaller than wanted, since there was no larger block: %lu",
		     (unsigned long)run->v.as->counts.smaller);
}

static bool compare_leaves(const struct guest_run *run, const struct replay *replay)
{
	struct vmm_gpt_extent e;
	struct tally tally = { 0 };
	bool ok = true;

	aspace_lock(run->v.as);
	for (uint64_t gpa = 0; vmm_gpt_next(&run->v.as->gpt, gpa, VMM_GPT_GPA_END, &e); gpa = e.end)
		if (e.kind == VMM_GPT_MAPPED)
			compare_leaf(run, &e, &tally);
	aspace_unlock(run->v.as);
	for (unsigned level = 1; level <= 3; level++)
		ok &= expect_same(sizes[level], replay->leaves[level], tally.leaves[level]);
	note_leaves(run, &tally);
	if (tally.wrong > SHOWN_MAX)
		report_wrong("and %u more", tally.wrong - SHOWN_MAX);
	return ok && !tally.wrong;
}

bool expect_compare(const struct guest_run *run, const struct replay_machine *machine)
{
	static struct replay replay;
	struct vcpu_end end;
	bool ok;

	replay_guest(run->guest, machine, &replay);
	end = expected_end(run->guest, &replay);
	ok = compare_counts(&replay.counts, &run->v.as->counts);
	ok &= compare_exits(run, &replay.counts);
	ok &= compare_leaves(run, &replay);
	ok &= compare_output(run->guest->expect.output, run);
	return compare_end(&end, run) && ok;
}

/*
 * With several vCPUs, the final leaves are known. If all are of 4 KiB, no two vCPUs race for
 * the first write to one (guest.h: .vcpus), so the number of write faults is known, too.
 */
static bool compare_steps(const struct guest_run *run, const struct replay_machine *machine)
{
	static struct replay replay;
	const struct aspace_counts *seen = &run->v.as->counts;
	bool ok;

	replay_guest(run->guest, machine, &replay);
	ok = compare_leaves(run, &replay);
	if (machine->max_level > 1)
		return ok;
	ok &= expect_same("write faults", replay.counts.write, seen->write);
	return expect_same("pages mapped", replay.counts.pages, seen->pages) && ok;
}

bool expect_compare_racing(const struct guest_run *run, const struct replay_machine *machine)
{
	const struct guest_expect *e = &run->guest->expect;
	bool ok = compare_end(&e->end, run);

	if (run->number && run->vcpus > 1)
		return ok;
	if (e->mapped)
		ok &= expect_same("pages mapped at the end", e->mapped, run->v.as->mapped);
	if (e->steps[0].what && run->vcpus > 1)
		ok &= compare_steps(run, machine);
	note("  %lu spurious faults, %lu rights granted again, %lu flushes asked for",
	     (unsigned long)run->v.as->counts.spurious, (unsigned long)run->v.as->counts.granted,
	     (unsigned long)run->v.as->ctx.tlb_gen);
	return compare_output(e->output, run) && ok;
}

/* If the failed allocation was for a large leaf, a smaller one is used and the guest goes on. */
bool expect_compare_failed(const struct guest_run *run)
{
	if (run->v.as->counts.smaller == 1 && run->v.end.kind != END_MEMORY) {
		note("  a smaller leaf was made once");
		return compare_end(&run->guest->expect.end, run);
	}
	return expect_same("ends for want of memory", 1, run->v.end.kind == END_MEMORY);
}

bool expect_end(struct guest_run *run)
{
	const struct vcpu_end *expected = &run->guest->expect.end;

	/* The gpa at which memory runs out is known only after the replay. */
	if (is_end(expected, &run->v.end) ||
	    (expected->kind == END_MEMORY && run->v.end.kind == END_MEMORY))
		return true;
	end_differs(expected, run);
	run->end_differs = true;
	return false;
}
