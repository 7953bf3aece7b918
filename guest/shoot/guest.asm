; SPDX-License-Identifier: BSD-2-Clause
;
; All vCPUs write to the same pages, each to its own part of them, and look
; whether what they wrote last is still there; and at random they have the host
; split, merge, protect, move, clean and unmap those pages under each other.
; Who goes by an old translation writes to memory that is somebody else's by then.
;
; The verdict: 1, something that was to stay is gone; 2, something came from
; elsewhere.
%include "guest.inc"

%define NUMBER	r8			; of this vCPU
%define KNOWN	r9			; what it has written, by page
%define SEED	r15
%define LEFT	r14			; until it asks whether to go on
ASK_EVERY	equ 64

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r8d, esi
	imul r9, NUMBER, SHOOT_KNOWN_SIZE
	add r9, SHOOT_KNOWN
	lea r15, [rcx + 1]	; the seed, another for each
	mov rax, 0x9e3779b97f4a7c15
	lea rdx, [NUMBER + 1]
	imul rax, rdx
	xor SEED, rax
	mov r14d, ASK_EVERY

next:	dec LEFT
	jnz .go
	mov r14d, ASK_EVERY
	HYPERCALL HC_MORE
	test rax, rax
	jz finish
.go:	RANDOM
	test al, 7
	jz change
	test al, 0x38
	jz lost

; Adds one to its part of a page that is kept.
	shr rax, 16
	and eax, SHOOT_KEPT_PAGES - 1
	mov rcx, [KNOWN + rax * 8]
	mov rdi, rax
	shl rdi, 12
	imul rdx, NUMBER, SHOOT_SLOT
	lea rdi, [rdi + rdx + SHOOT_KEPT]
	cmp [rdi], rcx
	mov ebx, 1
	jne wrong
	inc rcx
	mov [rdi], rcx
	mov [KNOWN + rax * 8], rcx
	jmp next

; In a page that may get lost: nothing, or what it left there.
lost:	shr rax, 16
	and eax, SHOOT_LOST_PAGES - 1
	shl rax, 12
	imul rdx, NUMBER, SHOOT_SLOT
	lea rdi, [rax + rdx + SHOOT_LOST]
	lea rdx, [NUMBER + 1]
	mov rcx, [rdi]
	jrcxz .write
	mov ebx, 2
	cmp rcx, rdx
	jne wrong
.write:	mov [rdi], rdx
	jmp next

; One of the host's changes, to some pages.
change:	mov rdx, rax
	shr rdx, 3
	and edx, 7
	movzx r10d, byte [what + rdx]
	movzx r11d, byte [where + rdx]
	mov rcx, rax
	shr rcx, 32
	and ecx, 7
	inc ecx			; pages
	shr rax, 16
	and eax, SHOOT_LOST_PAGES - 1
	mov edi, SHOOT_LOST_PAGES
	sub edi, ecx
	cmp eax, edi		; not beyond the region's end
	cmova eax, edi
	mov ebx, eax
	shl rbx, 12
	shl rcx, 12
	mov eax, SHOOT_LOST
	mov edi, SHOOT_KEPT
	test r11d, r11d
	cmovnz eax, edi
	add rbx, rax
	mov edx, r10d
	HYPERCALL HC_MEMORY	; a merge may be refused
	jmp next

; All that is known must be there in the end.
finish:	xor eax, eax
.page:	mov rcx, [KNOWN + rax * 8]
	mov rdi, rax
	shl rdi, 12
	imul rdx, NUMBER, SHOOT_SLOT
	lea rdi, [rdi + rdx + SHOOT_KEPT]
	mov ebx, 1
	cmp [rdi], rcx
	jne wrong
	inc eax
	cmp eax, SHOOT_KEPT_PAGES
	jne .page
	DONE 0
wrong:	DONE rbx

what:	db MEMORY_SPLIT, MEMORY_MERGE, MEMORY_READ_ONLY, MEMORY_MOVE
	db MEMORY_CLEAN, MEMORY_UNMAP, MEMORY_READ_ONLY, MEMORY_UNMAP
where:	db 1, 1, 1, 1, 1, 0, 0, 0	; 1: what is kept
	GUEST_END
