/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is shown of a guest that ended in a way nobody wanted. For the eyes of
 * those who know the manuals; every line is a diagnostic of the report.
 */
#ifndef KERNEL_VM_DUMP_H
#define KERNEL_VM_DUMP_H

#include "kernel/vm/vcpu_run.h"

/*
 * The last exit in words, the guest's state, the second level's way to the
 * address concerned, and the guest's own walks. The vCPU still exists.
 * Believes nothing: guest memory is read through aspace_read alone.
 */
void dump_guest(const struct vcpu_run *run, const char *name);

#endif
