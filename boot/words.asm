; SPDX-License-Identifier: BSD-2-Clause
;
; Words for the kernel that are put into its file (docs/running.md): whoever
; writes them finds the place by the NUL and the mark in front, which no other
; place in the file has. kernel/host/words.h

WORDS_MAX equ 1024

	section .rodata
	global words_block
	db 0, "nestbox words 1:"
words_block:
	times WORDS_MAX db ' '
	db 0

	section .note.GNU-stack noalloc noexec nowrite progbits
