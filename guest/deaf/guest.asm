; SPDX-License-Identifier: BSD-2-Clause
;
; As stale, but with interrupts off, and again and again: all vCPUs but the first
; look at a page without an exit; the first has it moved, and writes the round's
; number to it, which all others must see. Before they go on looking, they exit once,
; later and later after the last number: so that kicks also hit who is about to enter.
;
; There are DEAF_ROUNDS of them; fewer where each takes long, since the CPUs have to wait for
; one another: none begins behind DEAF_ROUNDS_MIN when so much time is over as patience lasts.
;
; The verdict: 1, a number was not seen; 2, one was not seen by all.
%include "guest.inc"

%define ROUND	 r10
%define PATIENCE r8		; more than the host's: if a kick is lost, it is the host that says so
%define LEFT	 r12
%define LAST	 r13

	GUEST_BEGIN
	mov r9d, edx
	dec r9d			; the others
	mov r14, r8
	shl PATIENCE, DEAF_PATIENCE_SHIFT
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
	PATIENCE_BEGIN PATIENCE
.again:	mov ecx, DEAF_LOOKS
.look:	mov rax, [rdi]
	cmp rax, ROUND
	jne seen
	dec ecx
	jnz .look
	STILL_PATIENT PATIENCE, .again
	DONE 1

first:	xor r11, r11		; how often a number must have been seen by now
	TICKS
	add r14, rax		; the TSC when the time is over
.round:	add r11, r9
	PATIENCE_BEGIN PATIENCE
.all:	cmp [rel saw], r11
	je .next
	STILL_PATIENT PATIENCE, .all
	DONE 2
.next:	cmp ROUND, DEAF_ROUNDS
	je good
	cmp ROUND, DEAF_ROUNDS_MIN
	jb .change
	TICKS
	cmp rax, r14
	jb .change
	mov ROUND, DEAF_ROUNDS - 1
.change:
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
