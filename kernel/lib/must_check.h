/* SPDX-License-Identifier: BSD-2-Clause */
/* For functions whose result says whether they succeeded: ignoring it is an error. */
#ifndef KERNEL_LIB_MUST_CHECK_H
#define KERNEL_LIB_MUST_CHECK_H

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
