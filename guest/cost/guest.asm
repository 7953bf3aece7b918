; SPDX-License-Identifier: BSD-2-Clause
; What an exit and a page cost, in ticks of the TSC, without the loop around
; them. Where a tick is an instruction, so is the result.
%include "guest.inc"

; Ticks since the last one, in RAX; R8 is the time of it.
%macro LAP 0
	TICKS
	mov rdx, rax
	sub rax, r8
	mov r8, rdx
%endmacro

GUEST_BEGIN
	mov rbp, COST_ROUNDS
	LAP
.empty:	mov eax, CPUID_NESTBOX
	dec rbp
	jnz .empty
	LAP
	mov r9, rax			; the loop alone

	mov rbp, COST_ROUNDS
	LAP
.cpuid:	mov eax, CPUID_NESTBOX
	cpuid
	dec rbp
	jnz .cpuid
	LAP
	sub rax, r9
	xor edx, edx
	mov ebx, COST_ROUNDS
	div rbx
	mov rbx, rax
	mov ecx, COST_VALUE_CPUID
	HYPERCALL HC_VALUE

	mov edi, COST_BASE
	mov rbp, COST_PAGES
	LAP
.page:	mov [rdi], rdi
	add rdi, PAGE
	dec rbp
	jnz .page
	LAP
	sub rax, r9
	xor edx, edx
	mov ebx, COST_PAGES
	div rbx
	mov rbx, rax
	mov ecx, COST_VALUE_PAGE
	HYPERCALL HC_VALUE
	DONE 0
GUEST_END
