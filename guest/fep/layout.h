/* SPDX-License-Identifier: BSD-2-Clause */
/* A page for each kind of access. One access crosses from FEP_FIRST into FEP_SECOND. */
#define IMAGE_SIZE 0x4000
#define FEP_STACK 0x300000
#define FEP_PAGES_BASE 0x400000
#define FEP_PAGES 9
#define FEP_READ 0x400000
#define FEP_WRITE 0x401000
#define FEP_PROTECTED 0x402000
#define FEP_FIRST 0x403000
#define FEP_SECOND 0x404000
#define FEP_COPY 0x405000
#define FEP_CLEAN_READ 0x406000
#define FEP_CLEAN_WRITTEN 0x407000
#define FEP_MOVED 0x408000
#define FEP_CALLS 5
