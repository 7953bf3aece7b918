/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define ROM_BASE 0xffff0000
#define ROM_PAGES 4
#define ROM_SIZE 0x4000
#define ROM_PATTERN 0x600d600d
/* The address that is written: in the last page, after it was read. */
#define ROM_TARGET 0xffff3008
