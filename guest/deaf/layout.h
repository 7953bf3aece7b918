/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory map. */
#define IMAGE_SIZE 0x4000
#define DEAF_PAGE 0x10000000
#define DEAF_ROUNDS 600
#define DEAF_ROUNDS_MIN 60
/* Reads of the page between two reads of the TSC. */
#define DEAF_LOOKS 1000
/* Waits four times as long as other guests. */
#define DEAF_PATIENCE_SHIFT 2
/* Instructions by which the delay before the exit grows in each round. Odd: Bochs runs its CPUs
 * in turns of 16 instructions, and every phase has to occur. */
#define DEAF_STEP 11
