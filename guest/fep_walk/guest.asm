; SPDX-License-Identifier: BSD-2-Clause
; Single accesses by the emulator of the hypervisor below that fault while they walk the
; guest's page tables; and one that faults on its final page, after a hardware walk that faulted.
%include "guest.inc"
%include "fep.inc"
%define ACCESSED_DIRTY 0x60

GUEST_BEGIN
	FEP_BEGIN FEP_WALK_STACK
	mov qword [rel pdpt + 8], FEP_WALK_PD + PTE_PRESENT_WRITE
	mov edi, FEP_WALK_WINDOW
	mov [rdi], rdi			; everything is mapped now

	; walks through an unmapped table: for a write, a read, a locked access
	MEMORY MEMORY_UNMAP, FEP_WALK_PD
	FORCED mov [rdi + 8], rdi
	MUST cmp [rdi + 8], rdi, e
	MEMORY MEMORY_UNMAP, FEP_WALK_PT
	FORCED mov rax, [rdi]
	MUST cmp rax, rdi, e
	MEMORY MEMORY_UNMAP, FEP_WALK_PT
	mov eax, 1
	FORCED lock xadd [rdi], rax
	MUST cmp rax, rdi, e

	; a walk through a read-only table, to set A and D in it
	and qword [rel pt], ~ACCESSED_DIRTY
	MEMORY MEMORY_READ_ONLY, FEP_WALK_PT
	FORCED mov [rdi], rdi
	MUST cmp [rdi], rdi, e

	; the final page, after a hardware walk that faulted
	MEMORY MEMORY_UNMAP, FEP_WALK_PT
	mov rax, [rdi]
	MUST cmp rax, rdi, e
	MEMORY MEMORY_UNMAP, FEP_WALK_PAGE
	FORCED mov [rdi + 8], rdi
	MUST cmp [rdi + 8], rdi, e
	MUST cmp qword [rdi], 0, e

	; the stack, through the window
	MEMORY MEMORY_UNMAP, FEP_WALK_PD
	lea rsp, [rdi + PAGE]
	FORCED push rdi
	MUST cmp [rdi + PAGE - 8], rdi, e
FEP_END FEP_WALK_CALLS

	times FEP_WALK_PD - GUEST_IMAGE - ($ - $$) db 0
	dq FEP_WALK_PT + PTE_PRESENT_WRITE
	times FEP_WALK_PT - GUEST_IMAGE - ($ - $$) db 0
pt:	dq FEP_WALK_PAGE + PTE_PRESENT_WRITE
GUEST_PAD
