/* SPDX-License-Identifier: BSD-2-Clause */
/* What a guest needs that this machine may not have. */
#ifndef KERNEL_SUITE_SKIP_H
#define KERNEL_SUITE_SKIP_H

#include "kernel/suite/runner.h"

/* True: it cannot be run here, and that was reported. */
bool skip_guest(const struct machine *machine, const struct guest *guest);

#endif
