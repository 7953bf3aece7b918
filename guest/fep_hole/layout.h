/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define FEP_HOLE_STACK 0x300000
#define FEP_HOLE_TARGET 0x400ff8
