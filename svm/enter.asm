; SPDX-License-Identifier: BSD-2-Clause
;
; bool svm_enter(struct guest_regs *regs, uint64_t vmcb, uint64_t *gs_base)
;
; False: the guest did not run, because an NMI came after tlb_enter_guest
; (kernel/vm/tlb.h). An NMI after CLGI is pending until VMRUN and causes an exit at once.
;
; GIF is clear while guest and host state are mixed, so that no interrupt or NMI
; handler sees that. IF is set at VMRUN: with V_INTR_MASKING the host's IF decides
; whether interrupts cause exits.

%define CPU_SELF gs:0		; struct cpu
%define CPU_NMI_SEEN gs:8		; struct cpu: nmi_seen
%define MSR_GS_BASE 0xc0000101

	bits 64
	section .text
	global svm_enter
svm_enter:
	clgi
%ifndef FAULT_KICK_LOST_SVM
	cmp byte [CPU_NMI_SEEN], 0
	jne .aborted
%endif
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	push rdi
	push rdx
	push qword [CPU_SELF]	; which is the host's GS base
	mov ecx, MSR_GS_BASE
	mov eax, [rdx]
	mov edx, [rdx + 4]
	wrmsr
	mov rax, rsi
	mov rcx, [rdi + 8 * 1]
	mov rdx, [rdi + 8 * 2]
	mov rbx, [rdi + 8 * 3]
	mov rbp, [rdi + 8 * 5]
	mov rsi, [rdi + 8 * 6]
	mov r8, [rdi + 8 * 8]
	mov r9, [rdi + 8 * 9]
	mov r10, [rdi + 8 * 10]
	mov r11, [rdi + 8 * 11]
	mov r12, [rdi + 8 * 12]
	mov r13, [rdi + 8 * 13]
	mov r14, [rdi + 8 * 14]
	mov r15, [rdi + 8 * 15]
	mov rdi, [rdi + 8 * 7]
	sti
	vmrun			; takes RAX, and brings the host's back
	mov rax, [rsp + 16]
	mov [rax + 8 * 1], rcx
	mov [rax + 8 * 2], rdx
	mov [rax + 8 * 3], rbx
	mov [rax + 8 * 5], rbp
	mov [rax + 8 * 6], rsi
	mov [rax + 8 * 7], rdi
	mov [rax + 8 * 8], r8
	mov [rax + 8 * 9], r9
	mov [rax + 8 * 10], r10
	mov [rax + 8 * 11], r11
%ifndef FAULT_REGISTER_SVM
	mov [rax + 8 * 12], r12
%endif
	mov [rax + 8 * 13], r13
	mov [rax + 8 * 14], r14
	mov [rax + 8 * 15], r15
	mov ecx, MSR_GS_BASE
	rdmsr
	pop rbx
	pop rsi
	mov [rsi], eax
	mov [rsi + 4], edx
	mov eax, ebx
	mov rdx, rbx
	shr rdx, 32
	wrmsr
	pop rdi
	cli
	stgi
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	mov eax, 1
	ret
.aborted:
	stgi
	xor eax, eax
	ret

	section .note.GNU-stack noalloc noexec nowrite progbits
