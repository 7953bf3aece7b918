; SPDX-License-Identifier: BSD-2-Clause
;
; Interrupt stubs, one per vector. All call trap_entry (trap.c) with a struct
; trap_frame.

	bits 64
	section .text
	extern trap_entry

%macro stub 1
	align 16
stub_%1:
	; Vectors that push an error code: SDM vol. 3A, table 6-1.
%if %1 != 8 && %1 != 10 && %1 != 11 && %1 != 12 && %1 != 13 && %1 != 14 && %1 != 17 && %1 != 21
	push 0
%endif
	push %1
	jmp stub_common
%endmacro

%assign i 0
%rep 256
	stub i
%assign i i + 1
%endrep

stub_common:
	push rax
	push rcx
	push rdx
	push rbx
	push rsp		; unused; keeps the encoding order
	push rbp
	push rsi
	push rdi
	push r8
	push r9
	push r10
	push r11
	push r12
	push r13
	push r14
	push r15
	cld
	mov rdi, rsp
	call trap_entry
	global trap_return	; for backtrace.c: the frame is above
trap_return:
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rdi
	pop rsi
	pop rbp
	add rsp, 8
	pop rbx
	pop rdx
	pop rcx
	pop rax
	add rsp, 16
	iretq

	section .rodata
	align 8
	global isr_stubs
isr_stubs:
%assign i 0
%rep 256
	dq stub_ %+ i
%assign i i + 1
%endrep

	section .note.GNU-stack noalloc noexec nowrite progbits
