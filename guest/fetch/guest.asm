; SPDX-License-Identifier: BSD-2-Clause
;
; Executes what it has written, and reads what it has executed, in memory that can have large
; leaves. Where those must not be executable, a fetch splits one, and only the pages that
; were fetched from may be executed.
%include "guest.inc"

%define RET 0xc3

	GUEST_BEGIN
	mov rsp, FETCH_STACK + PAGE
	push rsp

	; the first 2 MiB: all is written before anything is executed
	mov edi, FETCH_CODE
	mov ecx, FETCH_PAGES
.write:	mov byte [rdi], RET
	add rdi, FETCH_STEP
	loop .write
	mov edi, FETCH_CODE
	mov ecx, FETCH_PAGES
.call:	call rdi
	add rdi, FETCH_STEP
	loop .call
	mov [rdi], rdi			; its neighbours are data as before
	sub rdi, FETCH_STEP
	call rdi			; and what was executed, code

	; the second: one page is written to, another one read, the first executed twice
	mov edi, FETCH_FAR
	mov byte [rdi], RET
	mov rax, [rdi + PAGE]
	call rdi
	mov byte [rdi], RET
	call rdi

	; what is merged can be executed again
	mov edx, MEMORY_MERGE
	mov ebx, FETCH_FAR
	mov ecx, PAGE
	HYPERCALL HC_MEMORY
	mov edi, FETCH_FAR
	mov byte [rdi], RET
	call rdi

	mov edi, FETCH_ROM
	call rdi
	mov rax, [rdi]
	mov rax, [rdi + FETCH_STEP]
	DONE 0
	GUEST_END

	times PAGE db RET
