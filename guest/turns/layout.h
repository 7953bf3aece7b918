/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define TURNS_PAGES 0x10000000
#define TURNS_COUNT 16
/* The slice in TSC ticks. */
#define TURNS_SLICE 100000
/* One round in TURNS_SIT_EVERY, a copy uses up its slice instead of yielding. */
#define TURNS_SIT_EVERY 8
