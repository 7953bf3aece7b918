; SPDX-License-Identifier: BSD-2-Clause
;
; Its page tables grow into memory that is not mapped yet. It writes to addresses that its
; tables do not map. The #PF handler links one more page from the pool without touching it,
; so the first access to that page is the CPU's page walk.
%include "guest.inc"
%define CS_SELECTOR 8

GUEST_BEGIN
	mov rsp, WALK_STACK + PAGE
	lgdt [rel gdtr]
	lidt [rel idtr]
	mov r13, WALK_POOL		; the next free page
	mov rdi, WALK_FIRST
	mov rcx, WALK_ADDRESSES
	mov r14, WALK_STRIDE
.next:	mov [rdi], rdi
	add rdi, r14
	loop .next

	mov rdi, WALK_FIRST
	mov rcx, WALK_ADDRESSES
.again:	cmp [rdi], rdi
	jne .lost
	add rdi, r14
	loop .again
	cmp r13, WALK_POOL + WALK_POOL_PAGES * PAGE
	jne .count
	DONE 0
.lost:	DONE 1
.count:	DONE 2

; #PF: links a page at the first non-present entry, from the root down.
page_fault:
	push rax
	push rbx
	push rcx
	push rdx
	mov rdx, cr2
	lea rbx, [rel pml4]
	mov ecx, 39
.level:	mov rax, rdx
	shr rax, cl
	and eax, 511
	lea rbx, [rbx + rax * 8]
	mov rax, [rbx]
	test al, 1
	jz .fill
	and rax, -PAGE
	mov rbx, rax
	sub ecx, 9
	jmp .level
.fill:	lea rax, [r13 + PTE_PRESENT_WRITE]
	mov [rbx], rax
	add r13, PAGE
	pop rdx
	pop rcx
	pop rbx
	pop rax
	add rsp, 8			; the error code
	iretq

gdtr:	dw gdt_end - gdt - 1
	dq gdt
idtr:	dw idt_end - idt - 1
	dq idt
	align 4
hypercall_kind: dd 0

	times WALK_DESCRIPTORS - GUEST_IMAGE - ($ - $$) db 0
gdt:	dq 0
	dq 0x00af9b000000ffff
	dq 0x00cf93000000ffff
gdt_end:
idt:	times 14 dq 0, 0
	dw (page_fault - $$ + GUEST_IMAGE) & 0xffff, CS_SELECTOR
	dw 0x8e00, (page_fault - $$ + GUEST_IMAGE) >> 16
	dq 0
idt_end:
GUEST_PAD
