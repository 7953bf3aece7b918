; SPDX-License-Identifier: BSD-2-Clause
;
; All vCPUs but the first poll a page without an exit. The first has the page moved, then
; writes to it. The others must see the write: a CPU with a stale translation polls the old
; page, to which nobody writes any more.
;
; The verdict: 1, a vCPU did not see the write; 2, not all vCPUs started to poll.
%include "guest.inc"

%define PATIENCE r8
%define LEFT	 r10
%define LAST	 r11

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r9d, edx
	dec r9d			; number of other vCPUs
	mov edi, STALE_PAGE
	test esi, esi
	jz first

	mov rax, [rdi]		; loads the TLB
	lock inc dword [rel looking]
	PATIENCE_BEGIN PATIENCE
.again:	mov ecx, STALE_LOOKS
.look:	cmp qword [rdi], 0
	jne good
	dec ecx
	jnz .look
	STILL_PATIENT PATIENCE, .again
	DONE 1

first:	PATIENCE_BEGIN PATIENCE
.look:	cmp [rel looking], r9d
	je .all
	STILL_PATIENT PATIENCE, .look
	DONE 2
.all:	mov ecx, STALE_WAIT
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
