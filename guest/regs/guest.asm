; SPDX-License-Identifier: BSD-2-Clause
;
; General registers must keep their values across exits: a fault, a port access and a
; hypercall. At entry, general registers, x87 and SSE must hold nothing of the host or of
; an earlier guest.
;
; The verdict: 100 times the number of the check, from 1, plus the number of the register
; in encoding order; 16 is the x87 control word, 17 MXCSR, 18 any XMM register.
%include "guest.inc"
%define PORT 0x80
%define FCW_INIT 0x37f
%define MXCSR_INIT 0x1f80

%assign checks 0

%macro ALL 1			; like ALL_BUT_RAX, with RAX
	%1 rax, 0
	ALL_BUT_RAX %1
%endmacro

%macro WRONG 2
	mov ebx, checks * 100 + %2
	jmp done
%endmacro

%macro ZERO 2
	test %1, %1
	jz %%right
	WRONG %1, %2
%%right:
%endmacro

%macro SAME 2
	cmp %1, [rel values + %2 * 8]
	je %%right
	WRONG %1, %2
%%right:
%endmacro

%macro CHECK 1
%assign checks checks + 1
	ALL %1
%endmacro

GUEST_BEGIN
	xor edi, edi			; held the kind of hypercall
	CHECK ZERO
	fnstcw [rel status]
	cmp word [rel status], FCW_INIT
	je .x87
	WRONG x87, 16
.x87:	stmxcsr [rel status]
	cmp dword [rel status], MXCSR_INIT
	je .mxcsr
	WRONG mxcsr, 17
.mxcsr:
%assign i 1
%rep 15
	por xmm0, xmm %+ i
%assign i i + 1
%endrep
	movhlps xmm1, xmm0
	por xmm0, xmm1
	movq rax, xmm0
	test rax, rax
	jz .xmm
	WRONG xmm, 18
.xmm:
	ALL LOAD
	mov byte [abs REGS_PAGE], 1
	CHECK SAME

	ALL LOAD
	out PORT, al
	CHECK SAME

	ALL LOAD
	cmp dword [rel hypercall_kind], HYPERCALL_VMMCALL
	je .vmmcall
	vmcall
	jmp .back
.vmmcall:
	vmmcall
.back:	inc rax				; -1: there is no such hypercall
	jnz answered
	LOAD rax, 0
	CHECK SAME
	xor ebx, ebx
done:	HYPERCALL HC_DONE		; RBX: the verdict
answered:
	mov ebx, 1
	jmp done

	align 8
status:	dd 0, 0
values:
%assign i 1
%rep 16
	dq i * 0x050505050505
%assign i i + 1
%endrep
GUEST_END
