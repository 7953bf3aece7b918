/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's last two pages are page tables. They map a window at 1 GiB, whose first page
 * is FEP_WALK_PAGE.
 */
#define IMAGE_SIZE 0x6000
#define FEP_WALK_PD 0x104000
#define FEP_WALK_PT 0x105000
#define FEP_WALK_PAGE 0x400000
#define FEP_WALK_STACK 0x300000
#define FEP_WALK_WINDOW 0x40000000
#define FEP_WALK_CALLS 7
