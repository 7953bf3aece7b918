; SPDX-License-Identifier: BSD-2-Clause
;
; What the policy lets a guest see and do. Each probe names the expected outcome: no
; exception (OK), #UD or #GP; it is the same on all machines. The verdict is the number of
; the failed probe, from 1.
;
; Not probed, because the CPU handles them without an exit, and CPUs differ:
;	RDTSCP		hidden, but QEMU 7.2 cannot intercept it
;	INVPCID		hidden; AMD CPUs that have it execute it
;	SYSENTER	hidden; with its MSRs at 0, #GP on Intel, #UD on AMD in long mode
;	VMCALL, VMMCALL	the other vendor's: see the guest foreign
;	WRMSR FS_BASE	with a non-canonical address: QEMU 7.2 accepts it
%include "guest.inc"
%include "probes.inc"

GUEST_BEGIN
	jmp start

%macro GATE 1
	dw (%1 - $$ + GUEST_IMAGE) & 0xffff, CS_SELECTOR, 0x8e00, (%1 - $$ + GUEST_IMAGE) >> 16
	dq 0
%endmacro
idt:	times UD dq 0, 0
	GATE on_ud
	times GP - UD - 1 dq 0, 0
	GATE on_gp
idt_end:
gdt:	dq 0
	dq 0x00af9b000000ffff
	dq 0x00cf93000000ffff
gdt_end:
idtr:	dw idt_end - idt - 1
	dq idt
gdtr:	dw gdt_end - gdt - 1
	dq gdt
	align 16
scratch: times 512 db 0
hypercall_kind: dd 0
leaf1_ecx: dd 0
leaf1_edx: dd 0
ext1_ecx: dd 0
ext1_edx: dd 0

; After a fault, a probe continues at R15, with the vector in R14.
on_ud:	mov r14d, UD
	mov [rsp], r15
	iretq
on_gp:	mov r14d, GP
	add r14, [rsp]			; the error code must be 0
	add rsp, 8
	mov [rsp], r15
	iretq
wrong:	DONE rbp

start:	lgdt [rel gdtr]
	lidt [rel idtr]
	mov rsp, PROBE_STACK + PAGE

	; CPUID shows what the policy allows, and nothing else
	CPUID_OF 0
	NEED cmp eax, 1, e
	CPUID_OF 1
	mov [rel leaf1_ecx], ecx
	mov [rel leaf1_edx], edx
	NEED test ebx, ~CLFLUSH_SIZE, z
	NEED test ecx, ~LEAF1_ECX, z
	NEED test ecx, LEAF1_ECX_HYPERVISOR, nz
	NEED test edx, ~LEAF1_EDX, z
	CPUID_OF CPUID_NESTBOX
	NEED cmp eax, CPUID_NESTBOX, e
	NEED cmp ebx, CPUID_NESTBOX_EBX, e
	NEED cmp ecx, CPUID_NESTBOX_ECX, e
	NEED cmp edx, CPUID_NESTBOX_EDX, e
	CPUID_OF 0x80000000
	NEED cmp eax, 0x80000008, e
	CPUID_OF 0x80000001
	mov [rel ext1_ecx], ecx
	mov [rel ext1_edx], edx
	NEED test ebx, ebx, z
	NEED test ecx, ~EXT1_ECX, z
	NEED test edx, ~EXT1_EDX, z
	CPUID_OF 0x80000002
	CPUID_OF 0x80000003
	CPUID_OF 0x80000004
	CPUID_OF 0x80000008
	NEED test eax, ~ADDRESS_BITS, z
	or ebx, ecx
	or ebx, edx
	NEED test ebx, ebx, z
	CPUID_ZERO 2, 4, 5, 6, 7, 0xa, 0xb, 0xd, 0x1f, 0x20000000, 0x40000001, 0x4000ffff, \
		0x80000005, 0x80000006, 0x80000007, 0x80000009, 0x8000000a, 0x8000001f, 0xffffffff

	; features that CPUID shows work
	FEATURE leaf1_edx, 0, fninit
	FEATURE leaf1_edx, 4, rdtsc
	FEATURE leaf1_edx, 8, cmpxchg8b [rel scratch]
	FEATURE leaf1_edx, 15, cmovz eax, eax
	FEATURE leaf1_edx, 19, clflush [rel scratch]
	FEATURE leaf1_edx, 23, movq mm0, mm0
	FEATURE leaf1_edx, 24, fxsave [rel scratch]
	FEATURE leaf1_edx, 25, movaps xmm0, xmm0
	FEATURE leaf1_edx, 26, movdqa xmm0, xmm0
	FEATURE leaf1_ecx, 0, addsubps xmm0, xmm0
	FEATURE leaf1_ecx, 1, pclmulqdq xmm0, xmm0, 0
	FEATURE leaf1_ecx, 9, pabsb xmm0, xmm0
	FEATURE leaf1_ecx, 13, cmpxchg16b [rel scratch]
	FEATURE leaf1_ecx, 19, pmulld xmm0, xmm0
	FEATURE leaf1_ecx, 20, pcmpgtq xmm0, xmm0
	FEATURE leaf1_ecx, 22, movbe eax, [rel scratch]
	FEATURE leaf1_ecx, 23, popcnt eax, eax
	FEATURE leaf1_ecx, 25, aesenc xmm0, xmm0
	FEATURE leaf1_ecx, 30, rdrand eax
	FEATURE ext1_ecx, 0, lahf
	FEATURE ext1_ecx, 5, lzcnt eax, eax
	FEATURE ext1_ecx, 6, insertq xmm0, xmm0
	FEATURE ext1_ecx, 8, prefetchw [rel scratch]

	; CR0
	CR_TOGGLE cr0, CR0_MP
	CR_TOGGLE cr0, CR0_TS
	CR_TOGGLE cr0, CR0_EM
	CR_TOGGLE cr0, CR0_NE
	CR_TOGGLE cr0, CR0_WP
	CR_TOGGLE cr0, CR0_AM
	CR_REFUSED cr0, CR0_NW
	CR_REFUSED cr0, CR0_CD
	CR_REFUSED cr0, CR0_NW | CR0_CD
	CR_REFUSED cr0, CR0_PE
	CR_REFUSED cr0, CR0_PG
	CR_REFUSED cr0, 1 << 32
	CR_IGNORED cr0, CR0_ET
	CR_IGNORED cr0, 1 << 6
	mov rax, cr0
	mov rbx, rax
	or eax, CR0_EM
	PROBE OK, lmsw ax
	mov rcx, cr0
	NEED cmp rax, rcx, e
	PROBE OK, lmsw bx
	mov rcx, cr0
	NEED cmp rbx, rcx, e
	mov rax, rbx
	or eax, CR0_TS
	mov cr0, rax
	PROBE OK, clts
	mov rcx, cr0
	NEED cmp rbx, rcx, e
%assign crs crs + 4

	; CR4: bits that the host has set are not visible
	mov rax, cr4
	NEED cmp rax, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT, e
%assign cr4_reads cr4_reads + 1
	CR_TOGGLE cr4, CR4_TSD
	CR_TOGGLE cr4, CR4_PSE
	CR_TOGGLE cr4, CR4_PGE
	CR_TOGGLE cr4, CR4_OSFXSR
	CR_TOGGLE cr4, CR4_OSXMMEXCPT
	CR_REFUSED cr4, CR4_PAE
%assign bit 0
%rep 64
%if !((CR4_TSD | CR4_PSE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_PAE) >> bit & 1)
	CR_REFUSED cr4, 1 << bit
%endif
%assign bit bit + 1
%endrep

	; the others
	mov rax, PROBE_STACK
	PROBE OK, mov cr2, rax
	mov rbx, cr2
	NEED cmp rax, rbx, e
	mov rax, cr3
	PROBE OK, mov cr3, rax
	PROBE OK, mov rax, cr8
	NEED test rax, rax, z
	PROBE OK, mov cr8, rax
	mov rbx, rsp
	PROBE OK, mov rsp, cr8
	xchg rsp, rbx
	NEED test rbx, rbx, z
%assign crs crs + 3
	mov eax, 1
	PROBE GP, mov cr8, rax
	mov eax, 16
	PROBE GP, mov cr8, rax
%assign crs_refused crs_refused + 2
	PROBE UD, db 0x0f, 0x20, 0xc8	; mov rax, cr1
	PROBE UD, db 0x0f, 0x22, 0xe8	; mov cr5, rax
	REFUSED mov dr0, rax
	REFUSED mov rax, dr3
	REFUSED mov dr7, rax
	REFUSED mov rax, dr6

	; EFER
	EFER_READ
	NEED cmp eax, EFER_LME | EFER_LMA | EFER_NXE, e
	NEED test edx, edx, z
	EFER_WRITE OK, EFER_LME | EFER_LMA
	EFER_READ
	NEED cmp eax, EFER_LME | EFER_LMA, e
	EFER_WRITE OK, EFER_LME | EFER_NXE	; a write to LMA is ignored
	EFER_READ
	NEED cmp eax, EFER_LME | EFER_LMA | EFER_NXE, e
	EFER_WRITE GP, EFER_LMA | EFER_NXE
%assign bit 0
%rep 64
%if !((EFER_LME | EFER_LMA | EFER_NXE) >> bit & 1)
	EFER_WRITE GP, EFER_LME | EFER_LMA | EFER_NXE | 1 << bit
%endif
%assign bit bit + 1
%endrep

	; other MSRs
	MSR_OWN MSR_FS_BASE
	MSR_OWN MSR_GS_BASE
	MSR_OWN MSR_KERNEL_GS_BASE
	; TSC, APIC_BASE, FEATURE_CONTROL, BIOS_SIGN, MTRRCAP, SYSENTER_CS, _ESP, _EIP, MCG_CAP
	MSR_REFUSED 0x10, 0x1b, 0x3a, 0x8b, 0xfe, 0x174, 0x175, 0x176, 0x179
	; MISC_ENABLE, DEBUGCTL, MTRR, PAT, MTRR_DEF_TYPE, DS_AREA, VMX_BASIC, x2APIC
	MSR_REFUSED 0x1a0, 0x1d9, 0x200, 0x277, 0x2ff, 0x600, 0x480, 0x802
	; STAR, LSTAR, CSTAR, SFMASK, TSC_AUX
	MSR_REFUSED 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000103
	; SYSCFG, HWCR, VM_CR, VM_HSAVE_PA
	MSR_REFUSED 0xc0010010, 0xc0010015, 0xc0010114, 0xc0010117
	; MSRs that do not exist, inside and outside the ranges of the bitmaps
	MSR_REFUSED 0x1fff, 0x2000, 0x40000000, 0xc0001fff, 0xc0002000, 0xffffffff

	; guests cannot use virtualization
	REFUSED vmxon [rel scratch]
	REFUSED vmxoff
	REFUSED vmclear [rel scratch]
	REFUSED vmptrld [rel scratch]
	REFUSED vmptrst [rel scratch]
	REFUSED vmread rax, rbx
	REFUSED vmwrite rax, rbx
	REFUSED vmlaunch
	REFUSED vmresume
	REFUSED vmfunc
	REFUSED invept rax, [rel scratch]
	REFUSED invvpid rax, [rel scratch]
	mov rax, PROBE_STACK
	REFUSED vmrun
	REFUSED vmload
	REFUSED vmsave
	REFUSED stgi
	REFUSED clgi
	REFUSED invlpga
	REFUSED skinit

	; other instructions
	mov rax, PROBE_STACK
	xor ecx, ecx
	xor edx, edx
	REFUSED monitor
	REFUSED mwait
	REFUSED rdpmc
	REFUSED getsec
	REFUSED rsm
	REFUSED xgetbv
	PROBE UD, xsetbv		; QEMU 10 exits, 7.2 checks CR4.OSXSAVE first
%assign xsetbvs_refused xsetbvs_refused + 1
	PROBE UD, syscall
	PROBE UD, o64 sysret
	PROBE OK, invd
	PROBE OK, wbinvd
	PROBE OK, pause
	PROBE OK, invlpg [rel scratch]

	; ports
	mov dx, PORT
	mov rax, PATTERN
	IO OK, in al, dx
	mov rbx, PATTERN | 0xff
	NEED cmp rax, rbx, e
	mov rax, PATTERN
	IO OK, in ax, dx
	mov rbx, PATTERN | 0xffff
	NEED cmp rax, rbx, e
	IO OK, in eax, dx
	mov ebx, 0xffffffff
	NEED cmp rax, rbx, e
	IO OK, in al, 0x61
	NEED cmp al, 0xff, e
	IO OK, out dx, al
	IO OK, out dx, ax
	IO OK, out dx, eax
	lea rsi, [rel scratch]
	lea rdi, [rel scratch]
	mov ecx, 1
	IO GP, insb
	IO GP, outsb
	IO GP, rep insd
	IO GP, rep outsw

	DONE 0
PROBES_END
