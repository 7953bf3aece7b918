; SPDX-License-Identifier: BSD-2-Clause
;
; Like kicks, for 1 GiB in pages of 4 KiB.
%include "kicks/kicks.inc"

	KICKS_BEGIN
	mov edi, KICKS_TABLE		; maps the second GiB
	mov eax, KICKS_PAGES + PTE_PRESENT_WRITE + PTE_LARGE
.table:	mov [rdi], rax
	add rdi, 8
	add eax, LARGE_PAGE
	cmp edi, KICKS_TABLE + PAGE
	jne .table
	mov qword [rel pdpt + 8], KICKS_TABLE + PTE_PRESENT_WRITE
	MEASURE 0, KICKS_COUNT * PAGE
	KICKS_END
