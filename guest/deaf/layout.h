/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define DEAF_PAGE 0x10000000
#define DEAF_ROUNDS 600
/* How often to look before giving up. */
#define DEAF_LOOKS 100000000
/* So many instructions more in each round. */
#define DEAF_STEP 10
