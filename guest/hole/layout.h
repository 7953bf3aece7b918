/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define HOLE_BASE 0x30000000
#define HOLE_SIZE 0x10000
#define HOLE_TARGET 0x30007ff8
