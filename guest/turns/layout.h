/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define TURNS_PAGES 0x10000000
#define TURNS_COUNT 16
/* How long a turn may be, in ticks of the TSC. */
#define TURNS_SLICE 100000
/* A copy sits out its slice, instead of giving it up, in each of so many rounds. */
#define TURNS_SIT_EVERY 8
