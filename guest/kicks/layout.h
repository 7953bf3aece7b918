/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define KICKS_PAGES 0x10000000
#define KICKS_COUNT 512
#define KICKS_ROUNDS 16
