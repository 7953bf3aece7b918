; SPDX-License-Identifier: BSD-2-Clause
;
; Alignment checks, in protected mode at CPL 3. The first #AC is handled at CPL 0, and must
; look as on a bare CPU: error code 0, the address of the instruction, RF set. The next #AC has
; a handler at CPL 3, and ESP is misaligned: delivery itself raises #AC, so it is delivered
; endlessly, without an instruction in between (CVE-2015-5307).
;
; A CPU without alignment checks (QEMU's) executes an endless loop instead.
;
; The verdict is what was wrong: 1 the error code, 2 the address, 3 CS, 4 RFLAGS.
%include "abi.inc"
%include "layout.inc"

%define PAGE 4096
%define AC 17
%define CR0_PE 1
%define CR0_AM 0x40000
%define FLAGS_RF 0x10000
%define FLAGS_AC 0x40000
%define FLAGS 0x40202			; AC, IF
%define CODE0 0x08
%define DATA0 0x10
%define CODE3 0x1b
%define DATA3 0x23
%define TSS 0x28

	org 0
	bits 16
	times GUEST_REAL_ENTRY - ($ - $$) db 0
	mov [hypercall_kind], edi
	lgdt [gdtr]
	lidt [idtr]
	mov eax, cr0
	or eax, CR0_PE | CR0_AM
	mov cr0, eax
	jmp CODE0:protected

	bits 32
protected:
	mov ax, DATA0
	mov ds, ax
	mov ss, ax
	mov esp, ALIGN_STACK + PAGE
	mov ax, TSS
	ltr ax
	push DATA3
	push ALIGN_STACK + PAGE / 2
	push FLAGS
	push CODE3
	push user
	iretd

user:	mov ax, DATA3
	mov ds, ax
	mov ebx, ALIGN_STACK + 1
load:	mov eax, [ebx]
	mov dword [gate], CODE3 << 16 | (again - $$)
	mov esp, ALIGN_STACK + PAGE / 2 + 2
	push eax			; #AC, endlessly
again:	inc eax
	jmp again

on_ac:	mov edx, 1
	pop eax
	test eax, eax
	jnz wrong
	inc edx
	cmp dword [esp], load
	jne wrong
	inc edx
	cmp dword [esp + 4], CODE3
	jne wrong
	inc edx
	mov eax, [esp + 8]
	and eax, FLAGS_RF | FLAGS_AC
	cmp eax, FLAGS_RF | FLAGS_AC
	jne wrong
	mov ebx, ALIGN_STACK
	iretd

wrong:	mov ebx, edx
	mov eax, HC_DONE
	cmp dword [hypercall_kind], HYPERCALL_VMMCALL
	je .vmmcall
	vmcall
.vmmcall:
	vmmcall

	align 8
gdtr:	dw gdt_end - gdt - 1
	dd gdt
idtr:	dw (AC + 1) * 8 - 1
	dd idt
hypercall_kind: dd 0
	align 8
gdt:	dq 0
	dq 0x00cf9b000000ffff		; CODE0
	dq 0x00cf93000000ffff		; DATA0
	dq 0x00cffb000000ffff		; CODE3
	dq 0x00cff3000000ffff		; DATA3
	dw 103, tss			; TSS
	dd 0x00008900
gdt_end:
idt:	times AC dq 0
gate:	dw on_ac, CODE0, 0xee00, 0
tss:	dd 0, ALIGN_STACK + PAGE, DATA0
	times 104 - ($ - tss) db 0
	times IMAGE_SIZE - ($ - $$) db 0
