/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dump of a guest that ended unexpectedly, for readers who know the manuals. Every line
 * is a diagnostic of the report.
 */
#ifndef KERNEL_VM_DUMP_H
#define KERNEL_VM_DUMP_H

#include "kernel/vm/vcpu_run.h"

/*
 * Dumps the last exit in words, the guest's state, the second-level walk of the address
 * concerned, and the guest's own page walks. The vCPU must still exist. Trusts nothing: guest
 * memory is read only through aspace_read.
 */
void dump_guest(const struct vcpu_run *run, const char *name);

#endif
