/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_CHECK_TLBCHECK_ATTACH_H
#define KERNEL_CHECK_TLBCHECK_ATTACH_H

#include "kernel/lib/must_check.h"

#include "gpt/vmm_gpt.h"

/* Makes the checker watch all guests' tables, which have this format. False: no memory for it. */
MUST_CHECK bool tlbcheck_attach(const struct vmm_gpt_format *format);

#endif
