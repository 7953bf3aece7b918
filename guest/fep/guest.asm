; SPDX-License-Identifier: BSD-2-Clause
; Single accesses by the emulator of the hypervisor below: to pages that are not mapped, to
; pages without write permission, and to pages that need no fault.
%include "guest.inc"
%include "fep.inc"
%define PATTERN 0x123456789

GUEST_BEGIN
	FEP_BEGIN FEP_STACK

	; a read that faults, then one that does not
	mov edi, FEP_READ
	mov rax, rdi
	FORCED mov rax, [rdi]
	MUST test rax, rax, z
	mov rax, rdi
	FORCED mov rax, [rdi + 8]
	MUST test rax, rax, z

	; a write, likewise
	mov edi, FEP_WRITE
	FORCED mov [rdi], rdi
	MUST cmp [rdi], rdi, e
	FORCED mov [rdi + 8], rdi
	MUST cmp [rdi + 8], rdi, e

	; to a read-only page: a locked access, a plain write
	mov edi, FEP_PROTECTED
	mov [rdi], rdi
	MEMORY MEMORY_READ_ONLY, FEP_PROTECTED
	mov rax, PATTERN
	FORCED lock xadd [rdi], rax
	MUST cmp rax, rdi, e
	mov rbx, PATTERN
	add rbx, rdi
	MUST cmp [rdi], rbx, e
	MEMORY MEMORY_READ_ONLY, FEP_PROTECTED
	FORCED mov [rdi], rdi
	MUST cmp [rdi], rdi, e
	mov rax, PATTERN
	FORCED lock xadd [rdi], rax
	MUST cmp rax, rdi, e

	; a write that crosses into a page that is not mapped
	mov edi, FEP_SECOND
	mov [rdi - 8], rdi
	mov rax, PATTERN
	FORCED mov [rdi - 4], rax
	MUST cmp [rdi - 4], rax, e
	MUST cmp [rdi - 8], edi, e

	; the stack
	mov rbx, rsp
	FORCED push rdi
	MUST cmp [rbx - 8], rdi, e
	FORCED push rax
	MUST cmp [rbx - 16], rax, e
	xor eax, eax
	FORCED pop rcx
	FORCED pop rax
	MUST cmp rax, rdi, e
	MUST cmp rsp, rbx, e

	; from memory to memory
	mov esi, FEP_WRITE
	mov edi, FEP_COPY
	FORCED movsq
	MUST cmp esi, FEP_WRITE + 8, e
	MUST cmp edi, FEP_COPY + 8, e
	MUST cmp qword [rdi - 8], FEP_WRITE, e

	; the emulator sets A on a read, D on a write
	mov edi, FEP_CLEAN_READ
	mov [rdi], rdi
	MEMORY MEMORY_CLEAN, FEP_CLEAN_READ
	FORCED mov rax, [rdi]
	MUST cmp rax, rdi, e
	mov edi, FEP_CLEAN_WRITTEN
	mov rax, [rdi]
	MEMORY MEMORY_CLEAN, FEP_CLEAN_WRITTEN
	FORCED mov [rdi], rdi

	; after a move, the emulator uses the new page
	mov edi, FEP_MOVED
	mov [rdi], rdi
	MEMORY MEMORY_MOVE, FEP_MOVED
	FORCED mov rax, [rdi]
	MUST cmp rax, rdi, e
FEP_END FEP_CALLS
GUEST_PAD
