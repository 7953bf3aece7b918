/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define STALE_PAGE 0x10000000
/* How often the page is looked at between two looks at the TSC. */
#define STALE_LOOKS 1000
/* What vCPU 0 waits, so that the others are deep in their loop. */
#define STALE_WAIT 20000
