; SPDX-License-Identifier: BSD-2-Clause
; Executes from ROM, reads it, and then writes to it. The ROM's content follows the image in
; its file.
%include "guest.inc"
GUEST_BEGIN
	; ROM is below 4 GiB: the PDPT's fourth entry uses the same PD, in which one entry is
	; changed to map it.
	mov qword [rel pdpt + 3 * 8], pd + PTE_PRESENT_WRITE
	mov rax, (ROM_BASE & ~(LARGE_PAGE - 1)) + PTE_PRESENT_WRITE + PTE_LARGE
	mov [rel pd + 511 * 8], rax
	lea rbx, [rel .back]
	mov edi, ROM_BASE
	jmp rdi
.back:	mov ecx, ROM_PAGES - 1
	mov edi, ROM_BASE + PAGE
.next:	cmp dword [rdi + 8], ROM_PATTERN
	jne .wrong
	add rdi, PAGE
	loop .next
	mov edi, ROM_TARGET
	mov dword [rdi], 1
	DONE 2
.wrong:	DONE 1
	align 4
hypercall_kind: dd 0
	times IMAGE_SIZE - ($ - $$) db 0

	jmp rbx
	times PAGE - 2 db 0
%rep ROM_PAGES - 1
	dq 0
	dd ROM_PATTERN
	times PAGE - 12 db 0
%endrep
