; SPDX-License-Identifier: BSD-2-Clause
;
; From real mode to protected mode, 32-bit paging, PAE and long mode, then back. In each
; mode it writes to a separate page; with paging, through a linear address that differs from
; the physical one.
%include "abi.inc"
%include "layout.inc"

%define PAGE 4096
%define CR0_PE 1
%define CR0_PG 0x80000000
%define CR4_PSE 0x10
%define CR4_PAE 0x20
%define MSR_EFER 0xc0000080
%define EFER_LME 0x100
%define EFER_LMA 0x400
%define PTE 3
%define LARGE 0x83

%define CODE32 0x08
%define DATA32 0x10
%define CODE64 0x18
%define CODE16 0x20
%define DATA16 0x28
%define MARK 0x600d600d

; Linear addresses that are not identity-mapped. WINDOW32 maps 0 in 32-bit paging; WINDOW
; maps the memory above 4 GiB in the other modes.
%define WINDOW32 0x400000
%define WINDOW 0x200000

	org 0
	bits 16
	times 3 * 4 - ($ - $$) db 0
	dw on_breakpoint, 0
	times 13 * 4 - ($ - $$) db 0
	dw on_protection, 0

	times GUEST_REAL_ENTRY - ($ - $$) db 0
	mov [hypercall_kind], edi
	mov sp, MODES_STACK + PAGE
	push sp				; first: CPUs differ in when INT3 reads the vector
	int3				; the vector table is not mapped yet
	mov bl, 1
	cmp word [breakpoints], 1
	jne wrong16
	mov dword [MODES_REAL], MARK

	; PG = 1 with PE = 0 must raise #GP
	mov bl, 2
	mov eax, cr0
	test eax, CR0_PG | CR0_PE
	jnz wrong16
	or eax, CR0_PG
	mov cr0, eax
	cmp word [protections], 1
	jne wrong16

	lgdt [gdtr]
	mov eax, cr0
	or al, CR0_PE
	mov cr0, eax
	jmp CODE32:protected

on_breakpoint:
	inc word [breakpoints]
	iret

on_protection:				; returns past the MOV to CR0, which has 3 bytes
	inc word [protections]
	push bp
	mov bp, sp
	add word [bp + 2], 3
	pop bp
	iret

; The way back to real mode.
low:	mov ax, DATA16
	mov ds, ax
	mov ss, ax
	mov eax, cr0
	and al, ~CR0_PE
	mov cr0, eax
	jmp 0:real
real:	xor ax, ax
	mov ds, ax
	mov ss, ax
	mov sp, MODES_STACK + PAGE
	int3
	mov bl, 7
	cmp word [breakpoints], 2
	jne wrong16
	mov bl, 8
	mov eax, MARK
	cmp [MODES_REAL], eax
	jne wrong16
	cmp [MODES_PROTECTED], eax
	jne wrong16
	cmp [MODES_PAGED], eax
	jne wrong16
	mov bl, 0
wrong16:
	movzx ebx, bl
	mov eax, HC_DONE
	cmp dword [hypercall_kind], HYPERCALL_VMMCALL
	je .vmmcall
	vmcall
.vmmcall:
	vmmcall

	bits 32
%macro SET_CR0 1
	mov eax, cr0
	or eax, %1
	mov cr0, eax
%endmacro
%macro CLEAR_CR0 1
	mov eax, cr0
	and eax, ~%1
	mov cr0, eax
%endmacro
%macro SET_CR4 1
	mov eax, %1
	mov cr4, eax
%endmacro
%macro SET_CR3 1
	mov eax, %1
	mov cr3, eax
%endmacro

protected:
	mov ax, DATA32
	mov ds, ax
	mov ss, ax
	mov esp, MODES_STACK + PAGE
	mov dword [MODES_PROTECTED], MARK

	SET_CR4 CR4_PSE
	SET_CR3 MODES_PD32
	SET_CR0 CR0_PG
	mov dword [WINDOW32 + MODES_PAGED], MARK
	CLEAR_CR0 CR0_PG

	SET_CR4 CR4_PAE
	SET_CR3 MODES_PDPT
	SET_CR0 CR0_PG
	SET_CR3 MODES_PDPT_AGAIN
	mov dword [WINDOW + MODES_PAE - MODES_HIGH], MARK
	CLEAR_CR0 CR0_PG

	mov ecx, MSR_EFER
	xor eax, eax
	xor edx, edx
	mov ah, EFER_LME >> 8
	wrmsr
	SET_CR3 MODES_PML4
	SET_CR0 CR0_PG
	mov bl, 3
	mov ecx, MSR_EFER
	rdmsr
	cmp eax, EFER_LME | EFER_LMA
	jne wrong32
	jmp CODE64:long64

compat:	CLEAR_CR0 CR0_PG
	mov bl, 6
	mov ecx, MSR_EFER
	rdmsr
	cmp eax, EFER_LME
	jne wrong32
	xor eax, eax
	xor edx, edx
	wrmsr
	rdmsr
	test eax, eax
	jnz wrong32
	SET_CR4 0
	jmp CODE16:low
wrong32:
	movzx ebx, bl
	mov eax, HC_DONE
	cmp dword [hypercall_kind], HYPERCALL_VMMCALL
	je .vmmcall
	vmcall
.vmmcall:
	vmmcall

	bits 64
long64:	mov dword [abs WINDOW + MODES_LONG - MODES_HIGH], MARK
	mov bl, 4
	cmp dword [abs WINDOW + MODES_PAE - MODES_HIGH], MARK
	jne .wrong
	mov bl, 5
	cmp dword [abs MODES_PAGED], MARK
	jne .wrong
	push CODE32
	push compat
	retfq
.wrong:	push CODE32
	push wrong32
	retfq

	align 8
gdtr:	dw gdt_end - gdt - 1
	dd gdt
	align 8
gdt:	dq 0
	dq 0x00cf9b000000ffff		; CODE32
	dq 0x00cf93000000ffff		; DATA32
	dq 0x00af9b000000ffff		; CODE64
	dq 0x00009b000000ffff		; CODE16
	dq 0x000093000000ffff		; DATA16
gdt_end:
hypercall_kind: dd 0
breakpoints: dw 0
protections: dw 0

	times MODES_PD32 - ($ - $$) db 0
	dd LARGE, LARGE			; 4 MiB pages, both at 0
	times MODES_PDPT - ($ - $$) db 0
	dq MODES_PD + 1
	times MODES_PDPT_AGAIN - ($ - $$) db 0
	dq MODES_PD + 1
	times MODES_PD - ($ - $$) db 0
	dq LARGE, MODES_HIGH + LARGE	; 2 MiB pages
	times MODES_PDPT_LONG - ($ - $$) db 0
	dq MODES_PD + PTE
	times MODES_PML4 - ($ - $$) db 0
	dq MODES_PDPT_LONG + PTE
	times IMAGE_SIZE - ($ - $$) db 0
