/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define RACE_PAGES 0x10000000
#define RACE_COUNT 1024
