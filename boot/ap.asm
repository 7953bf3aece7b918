; SPDX-License-Identifier: BSD-2-Clause
;
; Start-up code of all CPUs except the boot CPU: from real mode, where a SIPI
; starts them, to 64-bit C. smp_start.c copies [ap_start, ap_end) to a page below
; 640 KiB and puts a struct ap_data into the next page. SDM vol. 3A, 9.4.4.
;
; All CPUs may run this at once, without a stack. They write to this page, but all
; write the same values. Then they wait at the gate, which lets one CPU pass each
; time it is opened.

%include "boot/cr.inc"

; struct ap_data, as offsets from the start of this page
AP_CR3	    equ 4096
AP_ENTRY    equ 4096 + 8
AP_STACK    equ 4096 + 16
AP_ARGUMENT equ 4096 + 24
AP_GATE	    equ 4096 + 32
; enum gate
GATE_SHUT   equ 0
GATE_OPEN   equ 1
GATE_CLOSED equ 2

	section .rodata
	align 16
	global ap_start, ap_end
	bits 16
ap_start:
	cli
	cld
	xor ebx, ebx
	mov bx, cs
	mov ds, bx
	shl ebx, 4		; physical address of the page
	lea eax, [ebx + gdt - ap_start]
	mov [gdtr - ap_start + 2], eax
	lea eax, [ebx + ap32 - ap_start]
	mov [far32 - ap_start], eax
	lea eax, [ebx + ap64 - ap_start]
	mov [far64 - ap_start], eax
	o32 lgdt [gdtr - ap_start]
	mov eax, CR0_UNPAGED
	mov cr0, eax
	jmp far dword [far32 - ap_start]

	bits 32
ap32:	mov eax, 0x10
	mov ds, eax
	mov ss, eax
	mov es, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	set_cr
	mov eax, [ebx + AP_CR3]
	mov cr3, eax
	mov ecx, EFER
	mov eax, EFER_LME | EFER_NXE ; the tables use NX
	xor edx, edx
	wrmsr
	mov eax, CR0_LONG
	mov cr0, eax
	jmp far dword [ebx + far64 - ap_start]

	bits 64
ap64:	pause
	mov eax, [rbx + AP_GATE]
	cmp eax, GATE_CLOSED
	je .halt
	cmp eax, GATE_OPEN
	jne ap64
	mov ecx, GATE_SHUT
	lock cmpxchg [rbx + AP_GATE], ecx
	jne ap64
	mov rsp, [rbx + AP_STACK]
	mov rdi, [rbx + AP_ARGUMENT]
	mov rax, [rbx + AP_ENTRY]
	xor ebp, ebp
	call rax
.halt:	cli
	hlt
	jmp .halt

	align 8
gdt:	dq 0
	dq 0x00cf9b000000ffff	; 0x08: 32-bit code
	dq 0x00cf93000000ffff	; 0x10: data
	dq 0x00af9b000000ffff	; 0x18: 64-bit code
gdtr:	dw gdtr - gdt - 1
	dd 0
	align 8
far32:	dd 0
	dw 0x08
	align 8
far64:	dd 0
	dw 0x18
ap_end:

	section .note.GNU-stack noalloc noexec nowrite progbits
