; SPDX-License-Identifier: BSD-2-Clause
;
; The other vendor's hypercall instruction must raise #UD. KVM assumes a guest that was
; migrated from the other vendor's CPU, and patches the instruction in the guest's memory
; (its quirk KVM_X86_QUIRK_FIX_HYPERCALL_INSN); under SVM also in the memory of a nested
; guest.
;
; The verdict: 1, there was no #UD; 2, the instruction was changed.
%include "guest.inc"
%define CS_SELECTOR 8
%define UD 6
%define HC_NONE 0x12345678
%define COPY 8

GUEST_BEGIN
	lgdt [rel gdtr]
	lidt [rel idtr]
	mov rsp, FOREIGN_STACK + PAGE
	xor r14d, r14d
	lea r15, [rel .on]
	mov eax, HC_NONE
	cmp dword [rel hypercall_kind], HYPERCALL_VMMCALL
	je .vmcall
	lea rsi, [rel vmmcall_here]
	jmp rsi
.vmcall:
	lea rsi, [rel vmcall_here]
	jmp rsi
.on:	mov ebx, 2
	mov eax, [rsi]
	cmp eax, [rsi + COPY]
	jne wrong
	mov ebx, 1
	test r14d, r14d
	jz wrong
	DONE 0
wrong:	HYPERCALL HC_DONE

on_ud:	mov r14d, UD
	mov [rsp], r15
	iretq

	; both instructions, each with a copy to compare
	align 8
vmcall_here:
	vmcall
	jmp r15
	align 8
	vmcall
	jmp r15
	align 8
vmmcall_here:
	vmmcall
	jmp r15
	align 8
	vmmcall
	jmp r15

	align 8
idt:	times UD dq 0, 0
	dw (on_ud - $$ + GUEST_IMAGE) & 0xffff, CS_SELECTOR, 0x8e00
	dw (on_ud - $$ + GUEST_IMAGE) >> 16
	dq 0
idt_end:
gdt:	dq 0
	dq 0x00af9b000000ffff
	dq 0x00cf93000000ffff
gdt_end:
idtr:	dw idt_end - idt - 1
	dq idt
gdtr:	dw gdt_end - gdt - 1
	dq gdt
GUEST_END
