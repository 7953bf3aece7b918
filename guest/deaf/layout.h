/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define DEAF_PAGE 0x10000000
#define DEAF_ROUNDS 600
#define DEAF_ROUNDS_MIN 60
/* How often the page is looked at between two looks at the TSC. */
#define DEAF_LOOKS 1000
/* Four times as patient as other guests. */
#define DEAF_PATIENCE_SHIFT 2
/* So many instructions more in each round. */
#define DEAF_STEP 10
