/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stops all vCPUs between two instructions, where their state can be read.
 *
 * immediate_exit stays set until they go on. So a vCPU that is in one of our handlers
 * enters KVM once more, which completes its I/O instruction, and comes back at once.
 */
#include "test/kvm/vmm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_stopped = PTHREAD_COND_INITIALIZER;
static pthread_cond_t goes_on = PTHREAD_COND_INITIALIZER;
static bool asked;
static unsigned nstopped;
static unsigned round; /* of stops: who is slow to wake up must not take the next for this one */

static void interrupted(int signal)
{
	(void)signal;
}

/* A signal that does nothing, but ends KVM_RUN. */
void pause_prepare(void)
{
	struct sigaction action = { .sa_handler = interrupted };

	if (sigaction(SIGUSR1, &action, NULL))
		die(strerror(errno), "sigaction");
}

void pause_all(void)
{
	pthread_mutex_lock(&lock);
	asked = true;
	for (unsigned i = 0; i < options.cpus; i++) {
		__atomic_store_n(&vcpus[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(vcpus[i].thread, SIGUSR1);
	}
	while (nstopped < options.cpus)
		pthread_cond_wait(&has_stopped, &lock);
	pthread_mutex_unlock(&lock);
}

void resume_all(void)
{
	pthread_mutex_lock(&lock);
	asked = false;
	nstopped = 0;
	round++;
	for (unsigned i = 0; i < options.cpus; i++)
		vcpus[i].run->immediate_exit = 0;
	pthread_cond_broadcast(&goes_on);
	pthread_mutex_unlock(&lock);
}

void pause_if_asked(void)
{
	unsigned this;

	pthread_mutex_lock(&lock);
	this = round;
	if (asked) {
		nstopped++;
		pthread_cond_signal(&has_stopped);
		while (round == this)
			pthread_cond_wait(&goes_on, &lock);
	}
	pthread_mutex_unlock(&lock);
}
