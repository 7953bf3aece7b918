; SPDX-License-Identifier: BSD-2-Clause
;
; In each round, each copy writes its number and the round's to its pages; in the next round,
; it checks that they are still there. In between it yields, or uses up its slice.
;
; The verdict: the number of the page with wrong content, from 1; -1: it could not yield.
%include "guest.inc"

%define KNOWN r8		; what all pages hold: the copy's number, and the round's

	GUEST_BEGIN
	sti			; so that the host's timer ends a slice in any emulator
	lea r9, [rsi + 1]
	shl r9, 32
	xor KNOWN, KNOWN

next:	HYPERCALL HC_MORE
	mov r10, rax
	mov edi, TURNS_PAGES
	xor ebx, ebx
.page:	inc ebx
	mov rax, [rdi]
	cmp rax, KNOWN
	jne wrong
	lea rax, [KNOWN + 1]
	or rax, r9
	mov [rdi], rax
	add rdi, PAGE
	cmp ebx, TURNS_COUNT
	jne .page
	mov KNOWN, rax

	test r10, r10
	jz good
	test KNOWN, TURNS_SIT_EVERY - 1
	jz sit
	HYPERCALL HC_YIELD
	test rax, rax
	jz next
	mov ebx, -1
	jmp wrong

; Loops for two slices, so the slice ends its turn at least once.
sit:	rdtsc
	shl rdx, 32
	lea r11, [rdx + rax + 2 * TURNS_SLICE]
.wait:	rdtsc
	shl rdx, 32
	or rax, rdx
	cmp rax, r11
	jb .wait
	jmp next

good:	DONE 0
wrong:	DONE rbx
	GUEST_END
