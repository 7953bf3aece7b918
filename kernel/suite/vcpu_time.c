/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/suite/vcpu_time.h"

#include "kernel/host/clock.h"
#include "kernel/host/lapic.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/suite/guest_run.h"

enum {
	PIECE = 1 << 24,   /* TSC ticks, if the time limit is only a safety net */
	BUDGET_PIECES = 8, /* pieces in a budget that is to be used up */
	MOVES_MIN = 8,	   /* more instructions than any guest executes before its loop */
	DOUBLINGS_MAX = 8,
	ACTIVE_SHIFT = 6, /* an active piece is charged with 1/64 */
	NET_FACTOR = 2,	  /* the host's timer, relative to the slice timer */
	LATE_US = 1000,	  /* every emulator notices a timer's expiry sooner than that */
};

/* The budget that the guest is to use up; 0: it is only a safety net. */
static uint64_t budget_of(const struct guest *guest)
{
	return guest->expect.end.kind == END_BUDGET ? guest->budget : 0;
}

/* Whether the guest must make visible progress. */
static bool is_timed(const struct guest *guest)
{
	return guest->slice || budget_of(guest);
}

/* Set when a CPU's slice timer did not fire: no CPU uses it any more. */
static bool slice_timer_is_dead;

static void arm(struct guest_run *run, uint64_t ticks)
{
	run->v.deadline = run->time.due;
	if (!run->slice_timer) {
		lapic_timer_arm(ticks);
		return;
	}
	run->v.ops->set_slice(run->v.vcpu, ticks);
	lapic_timer_arm(NET_FACTOR * ticks + clock_ticks(LATE_US));
}

static uint64_t piece_of(const struct guest_run *run)
{
	const struct guest *guest = run->guest;
	unsigned doublings = run->time.doublings;

	if (!is_timed(guest))
		return PIECE;
	return (guest->slice ? guest->slice : budget_of(guest) / BUDGET_PIECES)
	       << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

static void begin_piece(struct guest_run *run)
{
	uint64_t piece = piece_of(run);

	run->time.armed = rdtsc();
	run->time.due = run->time.armed + piece;
	arm(run, piece);
}

/* Progress is measured against this state. */
static void remember(struct guest_run *run, uint64_t now)
{
	struct vcpu_time *t = &run->time;

	t->doublings = 0;
	t->moved_at = now;
	t->stolen_before = t->stolen;
	t->rip = run->v.exit.rip;
	t->exceptions = run->v.exits[EXIT_EXCEPTION];
	t->regs = run->v.vcpu->regs;
}

static bool has_moved(const struct guest_run *run)
{
	const struct vcpu_time *t = &run->time;

	return t->rip != run->v.exit.rip || t->exceptions != run->v.exits[EXIT_EXCEPTION] ||
	       memcmp(&t->regs, &run->v.vcpu->regs, sizeof(t->regs)) != 0;
}

/*
 * The ticks by which the end of a piece was late. Time spent in the kernel is not stolen:
 * the timer may have fired before the last VM entry. A slice timer does not count in the
 * kernel, so all of the piece may have been left at that entry.
 */
static uint64_t stolen_of(const struct guest_run *run, uint64_t now)
{
	const struct vcpu_time *t = &run->time;
	uint64_t due = run->v.entered + (run->slice_timer ? t->due - t->armed : 0);

	if (due < t->due)
		due = t->due;
	return now > due + clock_ticks(LATE_US) ? now - due : 0;
}

/*
 * Detects a broken slice timer: a host interrupt came after the guest had been running for
 * longer than the timer was armed with. A working timer would have come first, however late
 * both were noticed (SDM vol. 3C, 26.5.1). From now on, use the host's timer.
 */
static void judge_slice_timer(struct guest_run *run, const struct vcpu_exit *exit, uint64_t now)
{
	struct vcpu_time *t = &run->time;

	if (!run->slice_timer || exit->kind != EXIT_INTERRUPT ||
	    now - run->v.entered <= t->due - t->armed + clock_ticks(LATE_US))
		return;
	run->v.ops->set_slice(run->v.vcpu, 0);
	run->slice_timer = false;
	t->slice_timer_died = true;
	__atomic_store_n(&slice_timer_is_dead, true, __ATOMIC_RELAXED);
	run->v.entered = now; /* this delay was not stolen */
}

/* Whether a vCPU of the guest has exited by itself since the end of this one's last piece. */
static bool is_active(struct guest_run *run)
{
	struct vcpu_time *t = &run->time;
	uint64_t own = vcpu_own_exits(&run->v) - run->v.exits[EXIT_EXCEPTION], before = t->active;

	if (own != t->own)
		__atomic_fetch_add(run->active, 1, __ATOMIC_RELAXED);
	t->own = own;
	t->active = __atomic_load_n(run->active, __ATOMIC_RELAXED);
	return t->active != before;
}

/* True: there was progress. */
static bool end_piece(struct guest_run *run, uint64_t now)
{
	struct vcpu_time *t = &run->time;

	t->charged += (t->due - t->armed) >> (is_active(run) ? ACTIVE_SHIFT : 0);
	t->stolen += stolen_of(run, now);
	if (!has_moved(run)) {
		t->doublings++;
		return false;
	}
	t->moved += t->due - t->armed;
	t->moves++;
	remember(run, now);
	return true;
}

static bool is_starved(const struct guest_run *run, uint64_t now)
{
	const struct vcpu_time *t = &run->time;

	return is_timed(run->guest) && t->doublings > DOUBLINGS_MAX &&
	       t->stolen - t->stolen_before > (now - t->moved_at) / 2;
}

/* At the end of a piece. True: the run has ended. */
static bool is_over(struct guest_run *run, const struct vcpu_exit *exit, uint64_t now)
{
	const struct vcpu_time *t = &run->time;
	uint64_t budget = budget_of(run->guest);
	enum vcpu_end_kind kind = END_BUDGET;

	if (is_starved(run, now)) {
		kind = END_STARVED;
	} else if (t->charged >= t->net) {
		if (budget)
			kind = END_UNEXPECTED;
	} else if (!budget || t->moved < budget || t->moves < MOVES_MIN) {
		return false;
	}
	if (kind == END_UNEXPECTED)
		format(run->v.end_words, sizeof(run->v.end_words),
		       "it is entered, but hardly moves");
	vcpu_end(&run->v, exit, kind);
	return true;
}

/* The end of a slice, a host interrupt or NMI, or an exception to be delivered again. */
bool vcpu_time_interrupt(struct vcpu_run *vcpu_run, struct vcpu_exit *exit)
{
	struct guest_run *run = guest_run_of(vcpu_run);
	struct vcpu_time *t = &run->time;
	bool is_due, yields = false;
	uint64_t now;

	log_alive();
	interrupts_take_pending();
	now = rdtsc();
	is_due = t->due && now >= t->due;
	if (is_due) {
		judge_slice_timer(run, exit, now);
		yields = end_piece(run, now) && run->guest->slice;
		if (is_over(run, exit, now))
			return false;
	}
	if (exit->pending.valid)
		vcpu_inject(&run->v, &exit->pending);
	if (yields) {
		run->slices++;
		return vcpu_pause(&run->v);
	}
	if (is_due)
		begin_piece(run);
	else if (t->due)
		arm(run, t->due - now);
	return true;
}

void vcpu_time_begin(struct guest_run *run)
{
	uint64_t now = rdtsc();

	run->time.since = now;
	if (run->slice_timer && __atomic_load_n(&slice_timer_is_dead, __ATOMIC_RELAXED)) {
		run->v.ops->set_slice(run->v.vcpu, 0);
		run->slice_timer = false;
	}
	remember(run, now);
	if (!run->guest->untimed)
		begin_piece(run);
}

void vcpu_time_end(struct guest_run *run)
{
	struct vcpu_time *t = &run->time;
	uint64_t now = rdtsc();

	lapic_timer_arm(0);
	t->ticks += now - t->since;
	t->charged += (now < t->due ? now : t->due) - t->armed;
}
