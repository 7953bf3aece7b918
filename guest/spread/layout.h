/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define SPREAD_PAGES 0x10000000
#define SPREAD_COUNT 4096
