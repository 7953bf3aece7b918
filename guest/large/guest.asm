; SPDX-License-Identifier: BSD-2-Clause
;
; Uses memory that large leaves can map, while the host splits and merges the leaves,
; write-protects and moves them, and unmaps parts. Whatever the size of the leaves, the
; guest must not notice: written data stays, everything else is zero.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%define CPUID_CODE 0xff41a20f		; cpuid; jmp r13, and
%define CPUID_CODE_LONG 0xe5ff41a20f66	; with a prefix that has no effect

%assign calls 0
%assign checks 0

%macro CALL_MEMORY 3			; operation, gpa, bytes
%assign calls calls + 1
	mov edx, %1
	mov ebx, %2
	mov ecx, %3
	HYPERCALL HC_MEMORY
%endmacro

%macro NEXT_CHECK 0
%assign checks checks + 1
	mov ebp, checks
%endmacro

%macro MEMORY 3
	CALL_MEMORY %1, %2, %3
	NEXT_CHECK
	test rax, rax
	jnz wrong
%endmacro

%macro REFUSED 3
	CALL_MEMORY %1, %2, %3
	NEXT_CHECK
	cmp rax, -1
	jne wrong
%endmacro

%macro FILL 1				; writes the address of the page into it
	mov edi, %1
	mov [rdi + 8], rdi
%endmacro

%macro SAME 1
	mov edi, %1
	NEXT_CHECK
	cmp [rdi + 8], rdi
	jne wrong
%endmacro

%macro ZERO 1
	mov edi, %1
	NEXT_CHECK
	cmp qword [rdi + 16], 0
	jne wrong
%endmacro

%macro RUN 1				; runs CPUID_CODE at this address
	lea r13, [rel %%back]
	mov edi, %1
	mov eax, CPUID_NESTBOX
	jmp rdi
%%back:	NEXT_CHECK
	cmp ebx, CPUID_NESTBOX_EBX
	jne wrong
%endmacro

GUEST_BEGIN
	FILL LARGE_LOW
	FILL LARGE_A_WRITTEN
	ZERO LARGE_A_READ
	ZERO LARGE_B_BEHIND
	ZERO LARGE_TAIL

	; each part of A inherits D from A; then all are cleaned
	MEMORY MEMORY_SPLIT, LARGE_A_WRITTEN, PAGE
	SAME LARGE_A_WRITTEN
	MEMORY MEMORY_CLEAN, LARGE_A, LARGE_PAGE
	FILL LARGE_A_AGAIN
	ZERO LARGE_A_LOOK

	; two pages of A become read-only; A cannot be merged until both have been written
	MEMORY MEMORY_READ_ONLY, LARGE_A_AGAIN, LARGE_A_LOOK - LARGE_A_AGAIN + PAGE
	SAME LARGE_A_AGAIN
	FILL LARGE_A_AGAIN
	REFUSED MEMORY_MERGE, LARGE_A, PAGE
	FILL LARGE_A_LOOK
	CALL_MEMORY MEMORY_MERGE, LARGE_A, PAGE
	SAME LARGE_A_WRITTEN
	MEMORY MEMORY_READ_ONLY, LARGE_A, LARGE_PAGE
	SAME LARGE_A_LOOK
	FILL LARGE_A_WRITTEN
	FILL LARGE_A_AGAIN

	; after the move, other code is where the host last fetched an instruction
	mov rax, CPUID_CODE | 0xe5 << 32
	mov [abs LARGE_A_CODE], rax
	RUN LARGE_A_CODE
	RUN LARGE_A_CODE
	MEMORY MEMORY_MOVE, LARGE_A, LARGE_PAGE
	mov rax, CPUID_CODE_LONG
	mov [abs LARGE_A_CODE], rax
	RUN LARGE_A_CODE
	SAME LARGE_A_AGAIN
	SAME LARGE_A_WRITTEN
	ZERO LARGE_A_READ

	; part of B is unmapped, the rest stays
	FILL LARGE_B_BEFORE
	FILL LARGE_B_GONE
	MEMORY MEMORY_UNMAP, LARGE_B_GONE, LARGE_B_GONE_SIZE
	SAME LARGE_B_BEFORE
	ZERO LARGE_B_BEHIND
	ZERO LARGE_B_GONE
	MEMORY MEMORY_CLEAN, LARGE_B, LARGE_PAGE
	FILL LARGE_B_BEHIND

	; a region that begins with its image, followed by zeroes
	mov edi, LARGE_ROM
	NEXT_CHECK
%assign i 0
%rep LARGE_ROM_PAGES
	cmp dword [rdi + i * PAGE], LARGE_ROM_PATTERN + i
	jne wrong
%assign i i + 1
%endrep
	ZERO LARGE_ROM + LARGE_ROM_SIZE - PAGE

	; the second GiB, mapped by the page directory at LARGE_PD; after a split, each part
	; inherits D
	mov qword [rel pdpt + 8], LARGE_PD + PTE_PRESENT_WRITE
%assign i 0
%rep LARGE_GIANT_PAGES
	FILL LARGE_GIANT + i * LARGE_GIANT_STEP
%assign i i + 1
%endrep
	MEMORY MEMORY_SPLIT, LARGE_GIANT + LARGE_GIANT_STEP, PAGE
	SAME LARGE_GIANT + LARGE_GIANT_STEP
	CALL_MEMORY MEMORY_MERGE, LARGE_GIANT + LARGE_GIANT_STEP, PAGE
	MEMORY MEMORY_UNMAP, LARGE_GIANT_GONE, LARGE_GIANT_GONE_SIZE
	ZERO LARGE_GIANT_GONE
	SAME LARGE_GIANT

	; no region, unaligned, empty, beyond the region, no such operation
	REFUSED MEMORY_UNMAP, LARGE_LOW - PAGE, PAGE
	REFUSED MEMORY_UNMAP, LARGE_LOW + 1, PAGE
	REFUSED MEMORY_UNMAP, LARGE_LOW, 0
	REFUSED MEMORY_UNMAP, LARGE_LOW, LARGE_LOW_SIZE + PAGE
	REFUSED MEMORY_OPS, LARGE_LOW, PAGE
	SAME LARGE_LOW
	DONE 0
wrong:	DONE rbp

%if calls != LARGE_CALLS
%error "the code and layout.h do not agree"
%endif
	align 4
hypercall_kind: dd 0
	times LARGE_PD - GUEST_IMAGE - ($ - $$) db 0
%assign i 0
%rep 512
	dq LARGE_GIANT + i * LARGE_PAGE + PTE_PRESENT_WRITE + PTE_LARGE
%assign i i + 1
%endrep

%assign i 0
%rep LARGE_ROM_PAGES
	dd LARGE_ROM_PATTERN + i
	times PAGE - 4 db 0
%assign i i + 1
%endrep
