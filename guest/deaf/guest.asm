; SPDX-License-Identifier: BSD-2-Clause
;
; As stale, but with interrupts off, and again and again: all vCPUs but the first
; look at a page without an exit; the first has it moved, and writes the round's
; number to it, which all others must see. Before they go on looking, they exit once,
; later and later after the last number: so that kicks also hit who is about to enter.
;
; The verdict: 1, a number was not seen.
%include "guest.inc"

%define ROUND r10

	GUEST_BEGIN
	mov r9d, edx
	dec r9d			; the others
	xor ROUND, ROUND
	mov edi, DEAF_PAGE
	test esi, esi
	jz first

	mov rax, [rdi]		; it is in the TLB
seen:	mov ROUND, rax
	lock inc qword [rel saw]
	cmp ROUND, DEAF_ROUNDS
	je good
	imul ecx, r10d, DEAF_STEP
	inc ecx
	loop $
	xor eax, eax
	cpuid
	mov ecx, DEAF_LOOKS
.look:	mov rax, [rdi]
	cmp rax, ROUND
	jne seen
	dec ecx
	jnz .look
	DONE 1

first:	xor r11, r11		; how often a number must have been seen by now
.round:	add r11, r9
.all:	pause
	cmp [rel saw], r11
	jne .all
	cmp ROUND, DEAF_ROUNDS
	je good
	mov ebx, DEAF_PAGE
	mov ecx, PAGE
	mov edx, MEMORY_READ_ONLY ; who reads it need not leave for that by itself
	HYPERCALL HC_MEMORY
	mov edx, MEMORY_MOVE
	HYPERCALL HC_MEMORY
	inc ROUND
	mov [rdi], ROUND
	jmp .round

good:	DONE 0

	align 8
saw:	dq 0
	GUEST_END
