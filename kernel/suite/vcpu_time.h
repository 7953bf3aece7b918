/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits how long a guest runs, on a machine whose time may be stolen: by a hypervisor
 * below, by a busy host, or because the emulator is stopped. No verdict may depend on it.
 *
 * Time is measured in pieces: the timer is armed for one piece. However late its end is
 * noticed, the guest is charged only for what the timer was armed with, so a theft of any
 * length costs at most one piece. The delay counts as stolen and is summed for the report.
 *
 * If the CPU has a timer for guests (vmm_ops.h: set_slice), the host's timer is only a
 * safety net, armed for twice as long.
 *
 * A guest that has a slice or expects END_BUDGET must make visible progress: RIP or a
 * general register differs between the begin and the end of a piece, so its loops must
 * count. An exception is progress, too. A piece without progress is not charged to the
 * budget and does not end the slice; the next one is twice as long. If there is still no
 * progress, and most of the time was stolen, the end is END_STARVED.
 *
 * All other guests end by themselves, and the time limit is a safety net (GUEST_BUDGET).
 * How long their exits take depends on the hypervisor and emulator below. So a piece in
 * which one of the guest's vCPUs exited by itself is charged with only a small part.
 * Exceptions do not count as such exits: an endless chain of them executes no instruction.
 */
#ifndef KERNEL_SUITE_VCPU_TIME_H
#define KERNEL_SUITE_VCPU_TIME_H

#include "kernel/vm/vcpu.h"

struct vcpu_time {
	uint64_t net;	/* the limit for .charged, in TSC ticks */
	uint64_t ticks; /* TSC ticks of all its turns */
	uint64_t since; /* TSC when this turn began */

	uint64_t armed, due;		  /* TSC when this piece began, and when it ends */
	uint64_t charged;		  /* ticks charged so far */
	uint64_t own, active;		  /* own exits, and *run->active, at the end of a piece */
	uint64_t moved;			  /* ticks of the pieces with progress */
	unsigned moves;			  /* number of pieces with progress */
	unsigned doublings;		  /* pieces since the last progress */
	uint64_t stolen;		  /* ticks by which the ends of pieces were late */
	uint64_t moved_at, stolen_before; /* TSC and .stolen at the last progress */

	bool slice_timer_died; /* the CPU's timer did not fire, and the host's did */

	/* At the last progress, or the begin of the turn: */
	uint64_t rip;
	uint64_t exceptions; /* exits for them so far */
	struct guest_regs regs;
};

#endif
