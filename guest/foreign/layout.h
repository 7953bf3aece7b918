/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define FOREIGN_STACK 0x300000
