/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x6000
#define WANDER_ROUNDS 200
/* Data here must stay, across changes and migrations. */
#define WANDER_KEPT 0x10000000
#define WANDER_KEPT_COUNT 4
/* Unmapped in each round, and zero afterwards. */
#define WANDER_LOST 0x20000000
#define WANDER_LOST_COUNT 4
