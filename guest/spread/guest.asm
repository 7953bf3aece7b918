; SPDX-License-Identifier: BSD-2-Clause
;
; Page i is first accessed by vCPU i mod n, all vCPUs at the same time. So they fault
; concurrently in the same tables, and the total time shows how much they delay each other.
;
; The verdict: the number of the page with wrong content, plus 1.
%include "guest.inc"

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r8d, esi
	mov r9d, edx
	mov edi, esi
	shl edi, 12
	add edi, SPREAD_PAGES		; its first page
	mov r10d, edx
	shl r10d, 12			; to its next one
	lock inc dword [rel arrived]
.all:	pause
	cmp [rel arrived], r9d
	jne .all
	TICKS
	mov r11, rax

.touch:	mov [rdi], rdi
	add rdi, r10
	cmp edi, SPREAD_PAGES + SPREAD_COUNT * PAGE
	jb .touch

	lock inc dword [rel through]
	test r8d, r8d
	jnz good
.wait:	pause
	cmp [rel through], r9d
	jne .wait
	TICKS
	sub rax, r11
	xor edx, edx
	mov ecx, SPREAD_COUNT
	div rcx
	mov rbx, rax
	xor ecx, ecx
	HYPERCALL HC_VALUE

	mov edi, SPREAD_PAGES
	xor ebx, ebx
.check:	inc ebx
	cmp [rdi], rdi
	jne wrong
	add rdi, PAGE
	cmp ebx, SPREAD_COUNT
	jne .check
good:	DONE 0
wrong:	DONE rbx

	align 4
arrived: dd 0
through: dd 0
	GUEST_END
