/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the vCPU loop share: vcpu_loop.c has the loop, vcpu_memory.c faults,
 * vcpu_insn.c the instructions that exit, vcpu_cr.c those that change the guest's mode,
 * vcpu_event.c what is injected.
 */
#ifndef KERNEL_VM_VCPU_HANDLERS_H
#define KERNEL_VM_VCPU_HANDLERS_H

#include "kernel/vm/insn.h"
#include "kernel/vm/vcpu_run.h"

/* One for each kind of exit. False: it has ended or is paused, run says how. */
typedef bool handler_fn(struct vcpu_run *run, struct vcpu_exit *exit);

/* vcpu_loop.c: ends it. */
handler_fn on_unexpected;

/* vcpu_memory.c */
handler_fn on_fault;
/* The CPU's walk of the guest's tables, as far as it is ours to do: gpa is mapped
 * afterwards. False: nothing can be there, which has ended it. */
bool vcpu_touch(struct vcpu_run *run, const struct vcpu_exit *exit, uint64_t gpa);

/* vcpu_insn.c */
/* The instruction that exited. False: it is not what the exit says. */
bool vcpu_look(struct vcpu_run *run, const struct vcpu_exit *exit, struct insn *insn);
/* #GP, and counted. True. */
bool vcpu_deny(struct vcpu_run *run);
handler_fn on_cpuid, on_io, on_refused, on_cache, on_hlt;

/* vcpu_cr.c */
handler_fn on_cr, on_msr;

/* vcpu_event.c. An exception at the next entry; those that have an error code get 0. True. */
bool vcpu_raise(struct vcpu_run *run, uint8_t vector);
/* Right after an instruction that was skipped, where no shadow is, so that IF alone
 * decides: what waits goes in, or goes on waiting. */
void vcpu_event_offer(struct vcpu_run *run);
handler_fn on_window, on_exception;

#endif
