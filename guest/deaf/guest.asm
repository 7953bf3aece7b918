; SPDX-License-Identifier: BSD-2-Clause
;
; Like stale, but with IF = 0 and repeatedly. All vCPUs but the first poll a page without an
; exit. In each round, the first has the page moved and writes the round's number to it,
; which all others must see. Before polling again, they exit once, after a delay that grows
; with each round, so that some kicks hit a CPU that is about to enter the guest.
;
; There are DEAF_ROUNDS rounds; fewer if rounds take long, because the CPUs wait for each
; other: after DEAF_ROUNDS_MIN, the last round begins once R8 ticks have passed.
;
; The verdict: 1, a vCPU did not see a number; 2, not all vCPUs reported that they saw it.
%include "guest.inc"

%define ROUND	 r10
%define PATIENCE r8		; more than the host's: if a kick is lost, it is the host that says so
%define LEFT	 r12
%define LAST	 r13

	GUEST_BEGIN
	mov r9d, edx
	dec r9d			; number of other vCPUs
	mov r14, r8
	shl PATIENCE, DEAF_PATIENCE_SHIFT
	xor ROUND, ROUND
	mov edi, DEAF_PAGE
	test esi, esi
	jz first

	mov rax, [rdi]		; loads the TLB
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

first:	xor r11, r11		; what [saw] must reach in this round
	TICKS
	add r14, rax		; TSC at which the time is over
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
	mov edx, MEMORY_READ_ONLY ; does not make the readers fault
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
