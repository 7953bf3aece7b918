; SPDX-License-Identifier: BSD-2-Clause
;
; Executes code that it has written, and reads code that it has executed, in memory that large
; leaves can map. If large leaves must not be executable, a fetch splits the leaf, and only
; the pages that were fetched from become executable.
%include "guest.inc"

%define RET 0xc3

	GUEST_BEGIN
	mov rsp, FETCH_STACK + PAGE
	push rsp

	; the first 2 MiB: all pages are written before any is executed
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
	mov [rdi], rdi			; another page of the leaf is still writable
	sub rdi, FETCH_STEP
	call rdi			; and an executed page is still executable

	; the second 2 MiB: one page is written, another is read, the first is executed twice
	mov edi, FETCH_FAR
	mov byte [rdi], RET
	mov rax, [rdi + PAGE]
	call rdi
	mov byte [rdi], RET
	call rdi

	; after a merge, the page can be executed again
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
