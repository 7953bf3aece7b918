; SPDX-License-Identifier: BSD-2-Clause
;
; void vmx_enter(struct guest_regs *regs, struct vmx_vcpu *vx)
;
; Runs the guest of the current VMCS until its next exit. Loads its general
; registers from *regs and saves them there (r[16] in encoding order; RSP, RIP and
; RFLAGS are in the VMCS). vx->launched selects the instruction. If it fails,
; vx->result is set and *regs is unchanged. The same if an NMI came since
; tlb_enter_guest (kernel/vm/tlb.h): it is tested at vmx_abort_range. For an NMI
; between there and the instruction, the handler (kernel/host/trap.c) returns to
; vmx_aborted.
;
; An exit continues at vmx_exited with RFLAGS = 2 (interrupts disabled) and with the
; RSP of the entry: HOST_RSP in the VMCS, which is rewritten when RSP differs.
; Sources: SDM vol. 3C, 28.5.3 "Loading Host RIP, RSP, RFLAGS, and SSP";
; 31.3 "VMLAUNCH/VMRESUME".

bits 64

; struct vmx_vcpu, enum vmx_result and enum vmcs_field: vcpu.c and vmcs.h have the
; same numbers.
%define VX_RESULT   0
%define VX_LAUNCHED 1
%define VX_HOST_RSP 8
%define VMX_FAIL_INVALID 1
%define VMX_FAIL_VALID	 2
%define VMX_ABORTED	 3
%define CPU_NMI_SEEN	 gs:8	; struct cpu: nmi_seen
%define VMCS_HOST_RSP 0x6c14

%define R(n) [rdi + 8 * (n)]

section .text

global vmx_enter
vmx_enter:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	push rsi
	push rdi
	cmp rsp, [rsi + VX_HOST_RSP]
	jne new_rsp
global vmx_abort_range, vmx_abort_range_end, vmx_aborted
vmx_abort_range:
%ifndef FAULT_KICK_LOST_VMX
	cmp byte [CPU_NMI_SEEN], 0
	jne vmx_aborted
%endif
	cmp byte [rsi + VX_LAUNCHED], 0 ; the loads below do not change ZF
	mov rax, R(0)
	mov rcx, R(1)
	mov rdx, R(2)
	mov rbx, R(3)
	mov rbp, R(5)
	mov rsi, R(6)
	mov r8, R(8)
	mov r9, R(9)
	mov r10, R(10)
	mov r11, R(11)
	mov r12, R(12)
	mov r13, R(13)
%ifndef FAULT_REGISTER_VMX
	mov r14, R(14)
%endif
	mov r15, R(15)
	mov rdi, R(7)
	je launch
	vmresume
	jmp failed
launch:
	vmlaunch
vmx_abort_range_end:

failed:				; CF: VMfailInvalid; else ZF: VMfailValid
	mov eax, VMX_FAIL_INVALID
	jc out
	mov eax, VMX_FAIL_VALID
	jmp out
vmx_aborted:
	mov eax, VMX_ABORTED
out:
	mov rsi, [rsp + 8]
	mov [rsi + VX_RESULT], al
	jmp restore

new_rsp:
	mov [rsi + VX_HOST_RSP], rsp
	mov eax, VMCS_HOST_RSP
	vmwrite rax, rsp
	ja vmx_abort_range
	jmp failed

global vmx_exited
vmx_exited:
	push rdi
	mov rdi, [rsp + 8]
	mov R(0), rax
	mov R(1), rcx
	mov R(2), rdx
	mov R(3), rbx
	mov R(5), rbp
	mov R(6), rsi
	pop qword R(7)
	mov R(8), r8
	mov R(9), r9
	mov R(10), r10
	mov R(11), r11
	mov R(12), r12
	mov R(13), r13
	mov R(14), r14
	mov R(15), r15
restore:
	add rsp, 16
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
