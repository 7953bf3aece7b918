; SPDX-License-Identifier: BSD-2-Clause
; The cost of an exit and of a page's first write, in TSC ticks, without the cost of the
; loop. On an emulator on which a tick is an instruction, it is in instructions.
%include "guest.inc"

; RAX: ticks since the last LAP, whose TSC is in R8.
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
	mov r9, rax			; the cost of the loop

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
