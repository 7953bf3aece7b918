/* SPDX-License-Identifier: BSD-2-Clause */
/* image: an empty page, then a page of code and descriptor tables. */
#define IMAGE_SIZE 0x2000
#define ALIGN_STACK 0x4000
