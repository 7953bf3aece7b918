/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the vCPU loop share: vcpu_run.c has the loop and
 * memory; vcpu_time.c time; vcpu_insn.c the instructions that exit, vcpu_cr.c those that change the
 * guest's mode; vcpu_event.c what is injected.
 */
#ifndef KERNEL_VCPU_HANDLERS_H
#define KERNEL_VCPU_HANDLERS_H

#include "kernel/insn.h"
#include "kernel/vcpu_run.h"

/* One for each kind of exit. False: the guest's life is over, run->end says how. */
typedef bool handler_fn(struct guest_run *run, struct vcpu_exit *exit);

/* vcpu_run.c. Both return false. */
bool vcpu_end(struct guest_run *run, const struct vcpu_exit *exit, enum guest_end_kind kind);
handler_fn on_unexpected;
/* Its turn is over, and it goes on later. False. */
bool vcpu_yield(struct guest_run *run);
/* The CPU's walk of the guest's tables, as far as it is ours to do: gpa is mapped
 * afterwards. False: there cannot be anything, and the guest's life is over. */
bool vcpu_touch(struct guest_run *run, const struct vcpu_exit *exit, uint64_t gpa);

/* vcpu_time.c. A turn begins and ends. */
void vcpu_time_begin(struct guest_run *run);
void vcpu_time_end(struct guest_run *run);
handler_fn on_interrupt;

/* vcpu_insn.c */
bool vcpu_skip(struct guest_run *run, const struct vcpu_exit *exit);
/* The instruction that exited. False: it is not what the exit says. */
bool vcpu_look(struct guest_run *run, const struct vcpu_exit *exit, struct insn *insn);
/* #GP, and counted. True. */
bool vcpu_deny(struct guest_run *run);
handler_fn on_hypercall, on_cpuid, on_io, on_refused, on_cache, on_hlt;

static inline uint64_t *vcpu_reg(struct guest_run *run, unsigned n)
{
	return &run->vcpu->regs.r[n];
}

/* vcpu_cr.c */
handler_fn on_cr, on_msr;

/* vcpu_event.c. An exception at the next entry; those that have an error code get 0. True. */
bool vcpu_raise(struct guest_run *run, uint8_t vector);
/* Any event. One for each entry. */
void vcpu_inject(struct guest_run *run, const struct vcpu_event *event);
/* What the guest asked for by HC_INJECT; false: it is none that can be had. */
bool vcpu_event_ask(struct guest_run *run, uint64_t type, uint64_t vector, uint64_t error);
/* Right behind an instruction that was skipped, where no shadow is, so that IF
 * alone decides: what waits goes in, or goes on waiting. */
void vcpu_event_offer(struct guest_run *run);
handler_fn on_window, on_exception;

#endif
