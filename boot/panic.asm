; SPDX-License-Identifier: BSD-2-Clause
;
; panic, assert_failed, assert_eq_failed: save the caller's registers for the report
; and continue in panic.c with the arguments unchanged. There is only one save area: a
; panic within a panic does not print registers.

	bits 64
	default rel
	section .text
	extern panic_frame	; struct trap_frame; panic.c asserts the offsets
%define R(n)   [panic_frame + 8 * (15 - (n))]
%define RIP    [panic_frame + 144]
%define RFLAGS [panic_frame + 160]
%define RSP_   [panic_frame + 168]

%macro catch 1
	global %1
	extern %1_caught
%1:	pushfq
	pop qword RFLAGS
	mov R(0), rax
	lea rax, [rsp + 8]
	mov RSP_, rax
	mov rax, [rsp]
	mov RIP, rax
	mov rax, R(0)
	mov R(1), rcx
	mov R(2), rdx
	mov R(3), rbx
	mov R(5), rbp
	mov R(6), rsi
	mov R(7), rdi
	mov R(8), r8
	mov R(9), r9
	mov R(10), r10
	mov R(11), r11
	mov R(12), r12
	mov R(13), r13
	mov R(14), r14
	mov R(15), r15
	jmp %1_caught
%endmacro

	catch panic
	catch assert_failed
	catch assert_eq_failed

	section .note.GNU-stack noalloc noexec nowrite progbits
