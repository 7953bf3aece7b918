; SPDX-License-Identifier: BSD-2-Clause
;
; All vCPUs but the first look at a page, again and again, without an exit. The
; first has the page moved, and then writes to it. The others must see that: who
; still goes by the translation from before looks at memory where nobody writes
; any more.
;
; The verdict: 1, what was written was not seen.
%include "guest.inc"

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r8d, esi
	mov r9d, edx
	dec r9d
	mov edi, STALE_PAGE
	test r8d, r8d
	jz first

	mov rax, [rdi]		; it is in the TLB
	lock inc dword [rel looking]
	mov ecx, STALE_LOOKS
.look:	cmp qword [rdi], 0
	jne good
	dec ecx
	jnz .look
	DONE 1

first:	pause
	cmp [rel looking], r9d
	jne first
	mov ecx, STALE_WAIT
.wait:	pause
	loop .wait
	mov edx, MEMORY_MOVE
	mov ebx, STALE_PAGE
	mov ecx, PAGE
	HYPERCALL HC_MEMORY
	mov edi, STALE_PAGE
	mov qword [rdi], 1
good:	DONE 0

	align 4
looking: dd 0
	GUEST_END
