/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image	the interrupt vector table, code, then the tables, a page each
 * ram		a stack; a page for each mode that cannot address more than 4 GiB
 * high		above 4 GiB: a page for each mode that can
 */
#define IMAGE_SIZE 0x8000
#define MODES_PD32 0x2000
#define MODES_PDPT 0x3000
#define MODES_PDPT_AGAIN 0x4000
#define MODES_PD 0x5000
#define MODES_PDPT_LONG 0x6000
#define MODES_PML4 0x7000
#define MODES_TABLES 6

#define MODES_STACK 0x8000
#define MODES_REAL 0x9000
#define MODES_PROTECTED 0xa000
#define MODES_PAGED 0xb000
#define MODES_RAM_PAGES 4

#define MODES_HIGH 0x100000000
#define MODES_PAE 0x100000000
#define MODES_LONG 0x100001000
#define MODES_HIGH_PAGES 2

/* Writes to CR0 and CR4 that change something, the refused one, accesses to EFER. */
#define MODES_CR_WRITES 11
#define MODES_CR_REFUSED 1
#define MODES_EFER 5
