/* SPDX-License-Identifier: BSD-2-Clause */
/* Where this guest has its memory. */
#define IMAGE_SIZE 0x4000
#define DEAF_PAGE 0x10000000
#define DEAF_ROUNDS 40
/* How often to look before giving up; and how long to let the others look. */
#define DEAF_LOOKS 100000000
#define DEAF_WAIT 1000
