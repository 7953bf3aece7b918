/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x6000
#define WANDER_ROUNDS 200
/* What is written here must stay, whatever is done to it, wherever. */
#define WANDER_KEPT 0x10000000
#define WANDER_KEPT_COUNT 4
/* This is unmapped in each round, and is zero again then. */
#define WANDER_LOST 0x20000000
#define WANDER_LOST_COUNT 4
