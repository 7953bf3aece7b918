/* SPDX-License-Identifier: BSD-2-Clause */
/* The command-line words embedded in the kernel's file: boot/words.asm. */
#ifndef KERNEL_HOST_WORDS_H
#define KERNEL_HOST_WORDS_H

enum { WORDS_BLOCK_SIZE = 1024 };

/* Words that were written into the file, padded with blanks; NUL-terminated. */
extern const char words_block[WORDS_BLOCK_SIZE + 1];

#endif
