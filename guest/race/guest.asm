; SPDX-License-Identifier: BSD-2-Clause
;
; All vCPUs race for the first access to each page: each adds 1 to a number in it. At the
; end each number must equal the number of vCPUs; otherwise a page was mapped twice, or lost.
;
; The verdict: the number of the page whose sum is wrong, plus 1.
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
