/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the vCPU loop: vcpu_loop.c has the loop, vcpu_memory.c faults,
 * vcpu_insn.c instructions that exit, vcpu_cr.c those that change the guest's mode,
 * vcpu_event.c injection.
 */
#ifndef KERNEL_VM_VCPU_HANDLERS_H
#define KERNEL_VM_VCPU_HANDLERS_H

#include "kernel/vm/insn.h"
#include "kernel/vm/vcpu_run.h"

/* One per exit kind. False: the run has ended or is paused; see run. */
typedef bool handler_fn(struct vcpu_run *run, struct vcpu_exit *exit);

/* vcpu_loop.c: ends the run. */
handler_fn on_unexpected;

/* vcpu_memory.c */
handler_fn on_fault;
/* Maps gpa for a page walk that we do on behalf of the CPU. False: nothing can be mapped there,
 * and the run has ended. */
bool vcpu_touch(struct vcpu_run *run, const struct vcpu_exit *exit, uint64_t gpa);

/* vcpu_insn.c */
/* Decodes the instruction that exited. False: it does not match the exit. */
bool vcpu_decode_insn(struct vcpu_run *run, const struct vcpu_exit *exit, struct insn *insn);
/* Injects #GP and counts it. Returns true. */
bool vcpu_deny(struct vcpu_run *run);
handler_fn on_cpuid, on_io, on_refused, on_cache, on_hlt;

/* vcpu_cr.c */
handler_fn on_cr, on_msr;

/* vcpu_event.c. Injects an exception at the next entry, with error code 0 if it has one. True. */
bool vcpu_raise(struct vcpu_run *run, uint8_t vector);
/* Call right after an instruction was skipped: there is no interrupt shadow, so IF alone decides
 * whether the waiting interrupt is injected or keeps waiting. */
void vcpu_event_offer(struct vcpu_run *run);
handler_fn on_window, on_exception;

#endif
