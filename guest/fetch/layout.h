/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image	tables, code
 * stack	a page
 * code		4 MiB, first written, then executed
 * rom		2 MiB, first executed, then read; the content follows the image in its file
 */
#define IMAGE_SIZE 0x4000
#define FETCH_STACK 0x200000
#define FETCH_CODE 0x400000
#define FETCH_CODE_SIZE 0x400000
#define FETCH_FAR 0x600000
#define FETCH_ROM 0x800000
#define FETCH_ROM_SIZE 0x200000
#define FETCH_PAGES 3
#define FETCH_STEP 0x5000
