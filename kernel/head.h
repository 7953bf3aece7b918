/* SPDX-License-Identifier: BSD-2-Clause */
/* The head of the log: what runs, and where. docs/log.md, "Head". */
#ifndef KERNEL_HEAD_H
#define KERNEL_HEAD_H

#include "kernel/cmdline.h"

/* words, seed, machine. line: all words, one blank between any two. */
void head_words(const char *line, const struct cmdline *cmdline);

#endif
