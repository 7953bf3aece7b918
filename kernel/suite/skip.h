/* SPDX-License-Identifier: BSD-2-Clause */
/* Skips guests that need something that this machine lacks. */
#ifndef KERNEL_SUITE_SKIP_H
#define KERNEL_SUITE_SKIP_H

#include "kernel/suite/runner.h"

/* True: the guest cannot run here, and was reported as skipped. */
bool skip_guest(const struct machine *machine, const struct guest *guest);

#endif
