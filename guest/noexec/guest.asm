; SPDX-License-Identifier: BSD-2-Clause
; Writes an instruction to memory that is not executable, reads it back, and jumps there.
; The page is mapped by then, so only its rights can stop the fetch.
%include "guest.inc"
%define JMP_RBX 0xe3ff

GUEST_BEGIN
	mov edi, NOEXEC_TARGET
	mov word [rdi], JMP_RBX
	cmp word [rdi], JMP_RBX
	jne .lost
	lea rbx, [rel .back]
	jmp rdi
.back:	DONE 2
.lost:	DONE 1
GUEST_END
