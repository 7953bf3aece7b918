/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define FEP_RMW_STACK 0x300000
#define FEP_RMW_PAGES 0x400000
#define FEP_RMW_COUNT 2
