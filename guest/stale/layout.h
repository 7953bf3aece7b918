/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define STALE_PAGE 0x10000000
/* Reads of the page between two reads of the TSC. */
#define STALE_LOOKS 1000
/* Iterations that vCPU 0 waits, until the others are well inside their loops. */
#define STALE_WAIT 20000
