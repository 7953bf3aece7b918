/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Migration: at moments chosen by a seed, all state of the VM is read, and the guest goes
 * on in a new VM made of it, over the same memory.
 *
 * Moments are counted in exits of the guest to us, which are bytes of its log. Where it says
 * nothing for long, time passes for exits. Half of the moments or more have to be inside of
 * the guest's guest; it is looked there again and again until that is so.
 */
#include "test/kvm/vmm.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	GAP_MAX = 100,	    /* exits between two migrations */
	SILENCE_MAX = 100,  /* milliseconds */
	LOOKS_MAX = 2000,   /* until we go on with a moment that is not inside */
	LOOK_GAP_MAX = 100, /* microseconds */
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

static struct {
	uint64_t random;
	unsigned done, inside;
	unsigned exits_left; /* until the next moment */
	sem_t moment;
} m;

/* From 1 to max: SplitMix64 (Steele, Lea, Flood 2014). */
static unsigned roll(unsigned max)
{
	uint64_t z = m.random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % max) + 1;
}

void migrate_count_exit(void)
{
	if (__atomic_load_n(&m.exits_left, __ATOMIC_RELAXED) &&
	    __atomic_sub_fetch(&m.exits_left, 1, __ATOMIC_RELAXED) == 0)
		sem_post(&m.moment);
}

static void wait_for_moment(void)
{
	unsigned gap = roll(GAP_MAX);
	long ms = roll(SILENCE_MAX);
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * NS_PER_MS;
	until.tv_sec += ms / 1000 + until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	while (!sem_trywait(&m.moment)) /* from a moment that time has brought */
		;
	__atomic_store_n(&m.exits_left, gap, __ATOMIC_RELAXED);
	while (sem_clockwait(&m.moment, CLOCK_MONOTONIC, &until) && errno == EINTR)
		;
}

static bool is_inside(void)
{
	for (unsigned i = 0; i < options.cpus; i++)
		if (state_is_inside(&vcpus[i]))
			return true;
	return false;
}

/* Stops the vCPUs; true if one of them is inside of its guest. */
static bool stop(unsigned *looks)
{
	bool insist = m.inside * 2 <= m.done;

	for (*looks = 1;; ++*looks) {
		bool inside;

		pause_all();
		inside = is_inside();
		if (inside || !insist)
			return inside;
		if (*looks == LOOKS_MAX) {
			say("migration %u is not inside: %u looks found nobody there", m.done + 1,
			    *looks);
			return false;
		}
		resume_all();
		usleep(roll(LOOK_GAP_MAX));
	}
}

static void move(void)
{
	state_save();
	for (unsigned i = 0; i < options.cpus; i++)
		vcpu_destroy(&vcpus[i]);
	vm_destroy();
	vm_create();
	for (unsigned i = 0; i < options.cpus; i++)
		vcpu_create(&vcpus[i]);
	state_restore();
}

void migrate_prepare(void)
{
	m.random = options.seed;
	if (sem_init(&m.moment, 0, 0))
		die(strerror(errno), "sem_init");
	state_prepare();
	pause_prepare();
}

void migrate(void)
{
	while (m.done < options.migrations) {
		unsigned looks;
		bool inside;

		wait_for_moment();
		inside = stop(&looks);
		move();
		m.done++;
		m.inside += inside;
		if (options.verbose)
			say("migration %u %s, after %u looks", m.done,
			    inside ? "inside" : "outside", looks);
		resume_all();
	}
}

void migrate_report(void)
{
	say("migrated %u times, %u inside of the innermost guest", m.done, m.inside);
}
