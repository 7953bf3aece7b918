/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * low		a page; LARGE_A and LARGE_B, 2 MiB each; two pages
 * rom		2 MiB; the first LARGE_ROM_PAGES come from the image's file
 * giant	1 GiB, of which LARGE_GIANT_PAGES are touched
 */
#define IMAGE_SIZE 0x5000
#define LARGE_PD 0x104000
#define LARGE_LOW 0x0ffff000
#define LARGE_A 0x10000000
#define LARGE_B 0x10200000
#define LARGE_TAIL 0x10400000
#define LARGE_LOW_SIZE 0x403000
#define LARGE_ROM 0x20000000
#define LARGE_ROM_SIZE 0x200000
#define LARGE_ROM_PAGES 3
#define LARGE_ROM_PATTERN 0x600d600d
#define LARGE_GIANT 0x40000000
#define LARGE_GIANT_SIZE 0x40000000
#define LARGE_GIANT_STEP 0x1ffff000
#define LARGE_GIANT_PAGES 3
/* The 2 MiB of it that are unmapped. */
#define LARGE_GIANT_GONE 0x60000000
#define LARGE_GIANT_GONE_SIZE 0x200000

/* Pages of A: the first written, read and executed ones, then others. */
#define LARGE_A_WRITTEN 0x10003000
#define LARGE_A_READ 0x10007000
#define LARGE_A_CODE 0x10014000
#define LARGE_A_AGAIN 0x10009000
#define LARGE_A_LOOK 0x1000a000
/* In B: the range that is unmapped, and its neighbors. */
#define LARGE_B_BEFORE 0x1020f000
#define LARGE_B_GONE 0x10210000
#define LARGE_B_GONE_SIZE 0x10000
#define LARGE_B_BEHIND 0x10220000
#define LARGE_CALLS 17
