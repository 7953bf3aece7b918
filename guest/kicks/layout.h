/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define KICKS_PAGES 0x10000000
#define KICKS_COUNT 512
#define KICKS_ROUNDS 16
