; SPDX-License-Identifier: BSD-2-Clause
;
; In each round: checks its memory, which it last wrote on another CPU; has the host change
; the mappings; sets all registers to new values; migrates to the next CPU; checks its
; registers.
;
; The verdict: a general register's number in encoding order, plus 1; 20 FS_BASE, 21
; GS_BASE, 22 KERNEL_GS_BASE, 23 CR2, 24 x87 and SSE; 30 kept memory, 31 unmapped memory
; that is not zero; 40 the host refuses to migrate it.
%include "guest.inc"

%define MSR_FS_BASE	   0xc0000100
%define MSR_GS_BASE	   0xc0000101
%define MSR_KERNEL_GS_BASE 0xc0000102
%define FX_CONTROL	   0	; FCW, FSW, FTW
%define FX_MXCSR	   24
%define FX_REGISTERS	   32	; ST0-7, XMM0-15
FX_REGISTERS_SIZE	   equ 8 * 16 + 16 * 16

%macro SAME 2
	cmp %1, [rel values + %2 * 8]
	je %%right
	mov ebx, %2 + 1
	jmp wrong
%%right:
%endmacro

%macro TO_MSR 2			; MSR, value
	mov ecx, %1
	mov rax, %2
	mov rdx, rax
	shr rdx, 32
	wrmsr
%endmacro

%macro MSR_IS 3			; MSR, expected value, verdict
	mov ecx, %1
	rdmsr
	shl rdx, 32
	or rax, rdx
	mov ebx, %3
	cmp rax, %2
	jne wrong
%endmacro

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator

next:	HYPERCALL HC_MORE
	test rax, rax
	jz good

; Memory.
	mov rcx, [rel round]
	mov edi, WANDER_KEPT
	mov edx, WANDER_KEPT_COUNT
	mov ebx, 30
.kept:	cmp [rdi], rcx
	jne wrong
	inc qword [rdi]
	add rdi, PAGE
	dec edx
	jnz .kept
	mov edi, WANDER_LOST
	mov edx, WANDER_LOST_COUNT
	mov ebx, 31
.lost:	cmp qword [rdi], 0
	jne wrong
	mov [rdi], rdi
	add rdi, PAGE
	dec edx
	jnz .lost
	inc rcx
	mov [rel round], rcx

	mov edx, MEMORY_MOVE	; alternates with MEMORY_READ_ONLY
	test ecx, 1
	jnz .change
	mov edx, MEMORY_READ_ONLY
.change:
	mov ebx, WANDER_KEPT
	mov ecx, WANDER_KEPT_COUNT * PAGE
	HYPERCALL HC_MEMORY
	mov edx, MEMORY_UNMAP
	mov ebx, WANDER_LOST
	mov ecx, WANDER_LOST_COUNT * PAGE
	HYPERCALL HC_MEMORY

; New values for all registers.
	mov rbx, 0x9e3779b97f4a7c15
	lea rdi, [rel values]
	mov ecx, 16 + 2 * 16	; behind the general registers', XMM's
.other:	add [rdi], rbx
	rol rbx, 7
	add rdi, 8
	loop .other
%assign i 0
%rep 16
	movdqu xmm %+ i, [rel values + (8 + i) * 16]
%assign i i + 1
%endrep
	fninit
	mov eax, [rel round]
	and eax, 3		; rounding control of both
	shl eax, 10
	or eax, 0x37f
	mov [rel scratch], eax
	fldcw [rel scratch]
	and eax, 0xc00
	shl eax, 3
	or eax, 0x1f80
	mov [rel scratch], eax
	ldmxcsr [rel scratch]
	fldpi
	fild qword [rel values]
	mov rbp, [rel round]	; bases: canonical in each round
	shl rbp, 16
	TO_MSR MSR_FS_BASE, rbp
	inc rbp
	TO_MSR MSR_KERNEL_GS_BASE, rbp
	inc rbp
	TO_MSR MSR_GS_BASE, rbp
	swapgs			; GS_BASE is now the smaller one
	mov rax, [rel values + 8]
	mov cr2, rax
	fxsave64 [rel before]

	ALL_BUT_RAX LOAD
	HYPERCALL HC_YIELD
	ALL_BUT_RAX SAME
	mov ebx, 40
	test rax, rax
	jnz wrong
	mov rbp, [rel round]
	shl rbp, 16
	MSR_IS MSR_FS_BASE, rbp, 20
	inc rbp
	MSR_IS MSR_GS_BASE, rbp, 21
	inc rbp
	MSR_IS MSR_KERNEL_GS_BASE, rbp, 22
	mov ebx, 23
	mov rax, cr2
	cmp rax, [rel values + 8]
	jne wrong
	mov ebx, 24
	fxsave64 [rel after]
	mov eax, [rel before + FX_CONTROL]
	cmp eax, [rel after + FX_CONTROL]
	jne wrong
	mov eax, [rel before + FX_MXCSR]
	cmp eax, [rel after + FX_MXCSR]
	jne wrong
	lea rsi, [rel before + FX_REGISTERS]
	lea rdi, [rel after + FX_REGISTERS]
	mov ecx, FX_REGISTERS_SIZE
	repe cmpsb
	je next
wrong:	DONE rbx
good:	DONE 0

	align 8
round:	dq 0
scratch: dq 0
values:
%assign i 1
%rep 16 + 2 * 16
	dq i * 0x050505050505
%assign i i + 1
%endrep
	align 16
before:	times 512 db 0
after:	times 512 db 0
	GUEST_END
