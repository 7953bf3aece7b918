; SPDX-License-Identifier: BSD-2-Clause
;
; All vCPUs touch the same pages first, at the same time: each adds one to a
; number in each page. In the end all numbers are how many vCPUs there are, or a
; page was there twice, or lost.
;
; The verdict is the number of the page, and one, whose sum is wrong.
%include "guest.inc"

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r8d, esi
	mov r9d, edx
	lock inc dword [rel arrived]
.all:	pause
	cmp [rel arrived], r9d
	jne .all

	mov edi, RACE_PAGES
	mov ecx, RACE_COUNT
.touch:	lock inc qword [rdi]
	add rdi, PAGE
	loop .touch

	lock inc dword [rel left]
	test r8d, r8d
	jnz good
.sum:	pause
	cmp [rel left], r9d
	jne .sum
	mov edi, RACE_PAGES
	xor ebx, ebx
.check:	inc ebx
	cmp [rdi], r9
	jne wrong
	add rdi, PAGE
	cmp ebx, RACE_COUNT
	jne .check
good:	DONE 0
wrong:	DONE rbx

	align 4
arrived: dd 0
left:	dd 0
	GUEST_END
