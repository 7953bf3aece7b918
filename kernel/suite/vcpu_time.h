/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a guest may run, on a machine whose own time may be stolen: by a hypervisor
 * below it, by a busy host, by somebody who stops the emulator. No verdict may
 * depend on that.
 *
 * The timer is armed for a piece of time. However late its end is noticed, a piece is
 * charged with what the timer was armed with: a theft of any length costs no more than
 * one piece. What came too late was stolen, and is summed up for the report.
 *
 * Where the CPU has a timer of its own for that (vmm_ops.h: set_slice), the host's is a net
 * below it, armed for twice as long.
 *
 * A guest with a slice or a budget of its own must be seen to move: at the end of a
 * piece, RIP or a general register has another value than at its beginning. So its
 * loops count. One that does nothing but get exceptions moves, too. A piece in which it
 * did not move is not charged to its budget, is not the end of its slice, and the next
 * one is twice as long. If that does not help, and most of the time was stolen, it is END_STARVED.
 *
 * All other guests end by themselves. For them time is a net (GUEST_BUDGET). How long
 * their exits take is the business of hypervisor and emulator below: a piece in which one of
 * the guest's vCPUs exited of its own accord is charged with a small part only; but
 * exceptions do not count, since an endless chain of them needs no instruction.
 */
#ifndef KERNEL_SUITE_VCPU_TIME_H
#define KERNEL_SUITE_VCPU_TIME_H

#include "kernel/vm/vcpu.h"

struct vcpu_time {
	uint64_t net;	/* ticks that it may be charged with, whatever it does */
	uint64_t ticks; /* of the TSC, from the first entry to the end, turns of others left out */
	uint64_t since; /* the TSC when its turn began */

	uint64_t armed, due;		  /* the TSC when this piece began, and when it is over */
	uint64_t charged;		  /* pieces so far, in ticks */
	uint64_t own, active;		  /* exits of its own, and *run->active, at the last one */
	uint64_t moved;			  /* of them, those in which the guest moved */
	unsigned moves;			  /* how many these are */
	unsigned doublings;		  /* pieces since the last of these */
	uint64_t stolen;		  /* ticks by which pieces were over too late */
	uint64_t moved_at, stolen_before; /* the TSC, and .stolen, when it was last seen to move */

	bool slice_timer_died; /* it did not fire, and the host's timer did */

	uint64_t rip; /* at the end of the last piece: */
	uint64_t exceptions; /* (that the guest has got) */
	struct guest_regs regs;
};

#endif
