; SPDX-License-Identifier: BSD-2-Clause
;
; Space for command-line words that are written into the kernel's file
; (docs/running.md). The writer finds it by the NUL and the mark in front, which occur
; nowhere else in the file. kernel/host/words.h

WORDS_MAX equ 1024

	section .rodata
	global words_block
	db 0, "nestbox words 1:"
words_block:
	times WORDS_MAX db ' '
	db 0

	section .note.GNU-stack noalloc noexec nowrite progbits
