/* SPDX-License-Identifier: BSD-2-Clause */
/* The block of words in the kernel's own file: boot/words.asm. */
#ifndef KERNEL_HOST_WORDS_H
#define KERNEL_HOST_WORDS_H

enum { WORDS_BLOCK_SIZE = 1024 };

/* Blanks, unless somebody wrote words there; then a NUL. */
extern const char words_block[WORDS_BLOCK_SIZE + 1];

#endif
