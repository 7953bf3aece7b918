; SPDX-License-Identifier: BSD-2-Clause
; Reads, writes and executes memory. New memory must be zero, and written data must stay.
%include "guest.inc"

; The linear window for the sparse pages: the second GiB.
%define WINDOW 0x40000000

GUEST_BEGIN
	; dense: read all of each even page; then write each page
	mov rdi, TOUCH_DENSE_BASE
	mov rcx, TOUCH_DENSE
.dense:	test rdi, PAGE
	jnz .write
	mov rdx, rcx
	mov ecx, PAGE / 8
	xor eax, eax
	repe scasq
	jne not_zero
	sub rdi, PAGE
	mov rcx, rdx
.write:	mov [rdi + 16], rdi
	mov rax, [rdi + 24]
	test rax, rax
	jnz not_zero
	not rdi
	mov rax, rdi
	not rdi
	mov [rdi + PAGE - 16], rax
	add rdi, PAGE
	loop .dense

	; zeroes are the instruction "add [rax], al": execute the last one in the page
	mov rdi, TOUCH_EXEC_BASE + PAGE
	mov word [rdi], 0xe3ff		; jmp rbx
	lea rbx, [rel .back]
	lea rax, [rel scratch]
	mov rdi, TOUCH_EXEC_BASE + PAGE - 2
	jmp rdi
.back:
	; the chain in the image
	lea rbx, [rel .chained]
	mov rdi, TOUCH_CHAIN_FIRST
	jmp rdi
.chained:
	; sparse: the page directory at TOUCH_SPARSE_PD maps the window
	mov qword [rel pdpt + 8], TOUCH_SPARSE_PD + PTE_PRESENT_WRITE
	mov rdi, WINDOW + TOUCH_SPARSE_OFFSET
	mov rcx, TOUCH_SPARSE
.sparse:
	mov [rdi], rdi
	add rdi, LARGE_PAGE
	loop .sparse

	; check all pages again: no data may have changed, no access may fault
	mov rdi, TOUCH_DENSE_BASE
	mov rcx, TOUCH_DENSE
.again:	cmp [rdi + 16], rdi
	jne lost
	mov rax, [rdi + PAGE - 16]
	not rax
	cmp rax, rdi
	jne lost
	add rdi, PAGE
	loop .again
	mov rdi, WINDOW + TOUCH_SPARSE_OFFSET
	mov rcx, TOUCH_SPARSE
.sparse_again:
	cmp [rdi], rdi
	jne lost
	add rdi, LARGE_PAGE
	loop .sparse_again
	DONE 0

not_zero:
	DONE 1
lost:
	DONE 2

	align 8
scratch: dq 0
hypercall_kind: dd 0

	times TOUCH_SPARSE_PD - GUEST_IMAGE - ($ - $$) db 0
%assign i 0
%rep TOUCH_SPARSE
	dq TOUCH_SPARSE_BASE + i * TOUCH_SPARSE_STRIDE + PTE_PRESENT_WRITE + PTE_LARGE
%assign i i + 1
%endrep

%assign i 0
%rep TOUCH_CHAIN
	times TOUCH_CHAIN_FIRST + i * PAGE - GUEST_IMAGE - ($ - $$) db 0
%if i + 1 < TOUCH_CHAIN
	jmp $ + PAGE
%else
	jmp rbx
%endif
%assign i i + 1
%endrep
GUEST_PAD
