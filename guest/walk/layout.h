/* SPDX-License-Identifier: BSD-2-Clause */
/* image: tables, code, then a page with the GDT and IDT. */
#define IMAGE_SIZE 0x5000
#define WALK_DESCRIPTORS 0x104000
#define WALK_STACK 0x300000
/* The pool for tables and pages, and the number of addresses. */
#define WALK_POOL 0x800000
#define WALK_ADDRESSES 48
#define WALK_POOL_PAGES 98
#define WALK_FIRST 0x8000000000
#define WALK_STRIDE 0x200000
