/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define HOG_BASE 0x200000
#define HOG_SIZE 0x10000000
/* The pages that fit: two full tables, and part of a third. */
#define HOG_PAGES 1124
#define HOG_SPANS 3
