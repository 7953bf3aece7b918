/* SPDX-License-Identifier: BSD-2-Clause */
#define IMAGE_SIZE 0x4000
#define HELLO_TEXT "hello from inside"
