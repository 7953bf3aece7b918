; SPDX-License-Identifier: BSD-2-Clause
;
; Uses memory that larger leaves fit into, while the host changes by which leaves
; it is mapped: splits and merges them, takes the right to write, moves them,
; unmaps parts. None of that is to be seen here, whatever the size of the leaves:
; what was written stays, what was not is zero.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%define CPUID_CODE 0xff41a20f		; cpuid; jmp r13, and
%define CPUID_CODE_LONG 0xe5ff41a20f66	; with a prefix that means nothing

%assign calls 0
%assign checks 0

%macro CALL_MEMORY 3			; what, gpa, bytes
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

%macro FILL 1				; its address, into the page
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

%macro RUN 1				; code at this address, which jumps to R13
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

	; each part of A is as dirty as A was; then none is
	MEMORY MEMORY_SPLIT, LARGE_A_WRITTEN, PAGE
	SAME LARGE_A_WRITTEN
	MEMORY MEMORY_CLEAN, LARGE_A, LARGE_PAGE
	FILL LARGE_A_AGAIN
	ZERO LARGE_A_LOOK

	; two pages of A cannot be written to; while one of them is not, A is not whole
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

	; the instruction that the host saw last is another one after the move
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

	; a part of B goes, the rest stays
	FILL LARGE_B_BEFORE
	FILL LARGE_B_GONE
	MEMORY MEMORY_UNMAP, LARGE_B_GONE, LARGE_B_GONE_SIZE
	SAME LARGE_B_BEFORE
	ZERO LARGE_B_BEHIND
	ZERO LARGE_B_GONE
	MEMORY MEMORY_CLEAN, LARGE_B, LARGE_PAGE
	FILL LARGE_B_BEHIND

	; what begins with an image, and goes on with zeroes
	mov edi, LARGE_ROM
	NEXT_CHECK
%assign i 0
%rep LARGE_ROM_PAGES
	cmp dword [rdi + i * PAGE], LARGE_ROM_PATTERN + i
	jne wrong
%assign i i + 1
%endrep
	ZERO LARGE_ROM + LARGE_ROM_SIZE - PAGE

	; the second GiB, by tables in the image's fourth page; what it is split into is as
	; dirty as it was
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

	; not there, not whole pages, beyond the region, no such thing
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
