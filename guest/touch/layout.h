/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image	tables, code, then TOUCH_CHAIN pages that each jump to the next
 * dense	TOUCH_DENSE consecutive pages; even ones are read first
 * exec		a page of zeroes that is executed first, and the next page
 * sparse	one page in each of TOUCH_SPARSE GiB, from 4 GiB on
 */
#define TOUCH_CHAIN 8
#define TOUCH_CHAIN_FIRST 0x105000
#define TOUCH_SPARSE_PD 0x104000
#define IMAGE_SIZE 0xd000

#define TOUCH_DENSE 1280
#define TOUCH_DENSE_BASE 0x400000
#define TOUCH_DENSE_SPANS 3
#define TOUCH_EXEC_BASE 0x1ffff000
#define TOUCH_EXEC_PAGES 2
#define TOUCH_EXEC_SPANS 2
#define TOUCH_SPARSE 16
#define TOUCH_SPARSE_BASE 0x100000000
#define TOUCH_SPARSE_STRIDE 0x40000000
#define TOUCH_SPARSE_OFFSET 0x5000
