/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define NOEXEC_BASE 0x600000
#define NOEXEC_SIZE 0x4000
/* The address of the code that is written, and jumped to. */
#define NOEXEC_TARGET 0x602340
