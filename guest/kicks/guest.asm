; SPDX-License-Identifier: BSD-2-Clause
;
; What it costs to take a right from pages while other vCPUs are in the guest: the
; first has its pages write-protected, 1 and 512 at a time, and looks at the TSC;
; the others spin. Also what a hypercall costs that changes nothing.
%include "guest.inc"

%define SUM r12

%macro TICKS 0				; the TSC, into RAX
	rdtsc
	shl rdx, 32
	or rax, rdx
%endmacro

; KICKS_ROUNDS times: writes to all pages, so that all have the right; then takes it
; from the first %2 (bytes; 0: asks for nothing that there is). Reports the mean as %1.
%macro MEASURE 2
	xor SUM, SUM
	mov r13d, KICKS_ROUNDS
%%round: mov edi, KICKS_PAGES
	mov ecx, KICKS_COUNT
%%write: mov [rdi], rdi
	add rdi, PAGE
	loop %%write
	TICKS
	sub SUM, rax
	mov edx, MEMORY_READ_ONLY
	mov ebx, KICKS_PAGES
	mov ecx, %2
	HYPERCALL HC_MEMORY
	TICKS
	add SUM, rax
	dec r13d
	jnz %%round
	mov rax, SUM
	xor edx, edx
	mov ecx, KICKS_ROUNDS
	div rcx
	mov rbx, rax
	mov ecx, %1
	HYPERCALL HC_VALUE
%endmacro

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	test esi, esi
	jz first
	lock inc dword [rel spinning]
.spin:	pause
	cmp dword [rel over], 0
	je .spin
	DONE 0

first:	mov r8d, edx
	dec r8d
.wait:	pause
	cmp [rel spinning], r8d
	jne .wait
	MEASURE 0, 0
	MEASURE 1, PAGE
	MEASURE 2, KICKS_COUNT * PAGE
	mov dword [rel over], 1
	DONE 0

	align 4
spinning: dd 0
over:	dd 0
	GUEST_END
