; SPDX-License-Identifier: BSD-2-Clause
;
; The guest of soak= and of shoot. All vCPUs write to the same pages, each to its own part
; of a page, check that their last value is still there, and execute code in these pages.
; Meanwhile they have the host change the mappings of these pages in all ways. HC_MORE ends
; it. In a soak, each kind of change has an eighth of the time for itself; in the remaining
; time, all are mixed.
;
; The verdict: 1, data that must stay was lost; 2, a page has data from elsewhere; 3, wrong
; code was executed.
%include "guest.inc"

%define NUMBER	r8			; number of this vCPU
%define KNOWN	r9			; array: the values that it has written, by page
%define COUNT	r11d			; number of vCPUs
%define EIGHTH	rbp			; eighths of the time that are left; the last is 1
%define AGAIN	r12			; number of just changed pages still to be accessed
%define PAGE_NO	r13			; the next of these
%define LEFT	r14			; iterations until the next HC_MORE
%define SEED	r15
ASK_EVERY	equ 64
TURN		equ 16			; changes until the next vCPU has its turn
ALL		equ (changes.end - changes) / 8

; RDI: this vCPU's part of the kept page RAX
%macro MY_PART 0
	mov rdi, rax
	shl rdi, 12
	imul rdx, NUMBER, SOAK_SLOT
	lea rdi, [rdi + rdx + SOAK_KEPT]
%endmacro

; EDX: the value that its function in page RAX returns
%macro MY_VALUE 0
	mov edx, eax
	shl edx, 4
	or edx, r8d
%endmacro

; Adds 1 to its part of page RAX. The first time, it also writes two functions there:
; mov eax, VALUE; jmp rbx, and mov eax, CPUID_NESTBOX; cpuid; jmp rsi
%macro ADD_ONE 0
	mov rcx, [KNOWN + rax * 8]
	MY_PART
	cmp [rdi], rcx
	mov ebx, 1
	jne wrong
	test rcx, rcx
	jnz %%add
	MY_VALUE
	shl rdx, 8
	mov rbx, 0x00e3ff00000000b8
	or rdx, rbx
	mov [rdi + SOAK_FUNCTION], rdx
	mov rdx, 0xffa20f40000000b8
	mov [rdi + SOAK_CPUID], rdx
	mov byte [rdi + SOAK_CPUID + 8], 0xe6
%%add:	inc rcx
	mov [rdi], rcx
	mov [KNOWN + rax * 8], rcx
%endmacro

; Calls its function in page RAX, if it has one.
%macro EXECUTE 0
	cmp qword [KNOWN + rax * 8], 0
	je %%none
	MY_PART
	MY_VALUE
	lea rbx, [rel %%back]
	add rdi, SOAK_FUNCTION
	jmp rdi
%%back:	mov ebx, 3
	cmp eax, edx
	jne wrong
%%none:
%endmacro

; Executes its CPUID in page RAX, which exits, if it has one.
%macro IDENTIFY 0
	cmp qword [KNOWN + rax * 8], 0
	je %%none
	MY_PART
	lea rsi, [rel %%back]
	add rdi, SOAK_CPUID
	jmp rdi
%%back:	cmp ebx, CPUID_NESTBOX_EBX
	mov ebx, 3
	jne wrong
%%none:
%endmacro

	GUEST_BEGIN
	sti			; so that the host's interrupts end a stay in any emulator
	mov r8d, esi
	mov COUNT, edx
	imul r9, NUMBER, SOAK_KNOWN_SIZE
	add r9, SOAK_KNOWN
	lea r15, [rcx + 1]	; the seed, another for each
	mov rax, 0x9e3779b97f4a7c15
	lea rdx, [NUMBER + 1]
	imul rax, rdx
	xor SEED, rax
	mov r14d, ASK_EVERY
	xor r12d, r12d
	mov ebp, SOAK_EIGHTHS

next:	dec LEFT
	jnz .go
	mov r14d, ASK_EVERY
	HYPERCALL HC_MORE
	test rax, rax
	jz finish
	mov EIGHTH, rax
.go:	test r12d, r12d
	jnz again
	RANDOM
	mov ecx, eax
	shr rax, 16
	and ecx, 15
	jz .change
	cmp ecx, 3
	jb lost
	and eax, SOAK_KEPT_PAGES - 1
	cmp ecx, 5
	jb execute
	je identify
	ADD_ONE
	jmp next
; Most changes are requested by the vCPU that has its turn, while the others work.
.change: cmp [rel turn], r8d
	je change
	test eax, 0xf000000
	jz change
	jmp next
identify: and eax, SOAK_BUSY_PAGES - 1
	IDENTIFY
	jmp next
execute: EXECUTE
	jmp next

; Accesses the pages that were just changed, which maps them again and restores rights.
again:	mov rax, PAGE_NO
	ADD_ONE
	mov rax, PAGE_NO
	EXECUTE
	inc PAGE_NO
	dec AGAIN
	jmp next

; A page that may be lost has zero, or the value that this vCPU wrote.
lost:	and eax, SOAK_LOST_PAGES - 1
	shl rax, 12
	imul rdx, NUMBER, SOAK_SLOT
	lea rdi, [rax + rdx + SOAK_LOST]
	lea rdx, [NUMBER + 1]
	mov rcx, [rdi]
	jrcxz .write
	mov ebx, 2
	cmp rcx, rdx
	jne wrong
.write:	mov [rdi], rdx
	jmp next

; Requests a change.
change:	mov edx, eax
	movzx ecx, byte [alone + EIGHTH * 2]
	movzx ebx, byte [alone + EIGHTH * 2 + 1]
	test ebx, ebx
	jnz .alone
	mov ebx, ALL / 2
	test eax, 0x7000
	jnz .alone
	mov ebx, ALL		; 1 time in 8: any change
.alone:	dec ebx
	and edx, ebx
	add edx, ecx
	lea rdi, [changes + rdx * 8]
	shr rax, 16
	movzx ecx, word [rdi + 4]	; number of pages, 0: 1 to 8
	movzx ebx, word [rdi + 2]	; first page of the range
	movzx esi, word [rdi + 6]	; size of the range in pages
	test ecx, ecx
	jnz .at
	mov ecx, eax
	and ecx, 7
	inc ecx
.at:	shr rax, 8
	and eax, 0xffff
	mov r10d, eax
	xor edx, edx
	sub esi, ecx
	inc esi
	div esi			; EDX: a random place where it fits
	cmp byte [rdi + 1], 0
	jne .kept
	cmp ecx, 512		; all entries of one of two tables
	jne .small
	mov edx, r10d
	and edx, 512
.small:	lea eax, [rdx + rbx]
	mov ebx, SOAK_LOST
	xor r12d, r12d
	jmp .do
.kept:	lea eax, [rdx + rbx]
	mov ebx, SOAK_KEPT
	mov r13d, eax
	mov r12d, ecx
	cmp ecx, 8
	jna .do
	mov r12d, 8
.do:	shl rax, 12
	add rbx, rax
	shl rcx, 12
	movzx edx, byte [rdi]
	HYPERCALL HC_MEMORY	; a merge or a vacate may be refused
	lock dec dword [rel of_turn]
	jnz next
	mov dword [rel of_turn], TURN
	mov eax, [rel turn]
	inc eax
	xor edx, edx
	div COUNT
	mov [rel turn], edx
	jmp next

; At the end, all values must be there.
finish:	xor eax, eax
.page:	mov rcx, [KNOWN + rax * 8]
	MY_PART
	mov ebx, 1
	cmp [rdi], rcx
	jne wrong
	inc eax
	cmp eax, SOAK_KEPT_PAGES
	jne .page
	DONE 0
wrong:	DONE rbx

	align 4
turn:	dd 0
of_turn: dd TURN

; The changes: operation, 1 for kept memory, first page of the range, number of pages (0: 1
; to 8), size of the range.
%macro CHANGE 5
	db %1, %2
	dw %3, %4, %5
%endmacro
changes:
	CHANGE MEMORY_SPLIT, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_MERGE, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_MERGE, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_MERGE, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_READ_ONLY, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_READ_ONLY, 1, SOAK_MIXED, 0, 1024
	CHANGE MEMORY_NO_EXEC, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_NO_EXEC, 1, SOAK_MIXED, 0, 1024
	CHANGE MEMORY_CLEAN, 1, SOAK_PARTS, 0, 512
	CHANGE MEMORY_CLEAN, 1, SOAK_MIXED, 0, 1024
	CHANGE MEMORY_MOVE, 1, SOAK_MIXED, 0, 1024
	CHANGE MEMORY_MOVE, 1, SOAK_BUSY, SOAK_BUSY_PAGES, SOAK_BUSY_PAGES
	CHANGE MEMORY_UNMAP, 0, 0, 0, SOAK_LOST_PAGES
	CHANGE MEMORY_UNMAP, 0, 0, 0, SOAK_LOST_PAGES
	CHANGE MEMORY_VACATE, 0, 0, 0, SOAK_LOST_PAGES
	CHANGE MEMORY_VACATE, 0, 0, 512, SOAK_LOST_PAGES

; The second half is used less often: these are slow, or stop the others.
%rep 2
	CHANGE MEMORY_READ_ONLY, 1, SOAK_WHOLE, 512, 512
	CHANGE MEMORY_NO_EXEC, 1, SOAK_WHOLE, 512, 512
	CHANGE MEMORY_CLEAN, 1, SOAK_WHOLE, 512, 512
	CHANGE MEMORY_MOVE, 1, SOAK_WHOLE, 512, 512
	CHANGE MEMORY_UNMAP, 0, 0, 512, SOAK_LOST_PAGES
	CHANGE MEMORY_VACATE, 0, 0, 512, SOAK_LOST_PAGES
	CHANGE MEMORY_MERGE, 0, 0, 0, SOAK_LOST_PAGES
	CHANGE MEMORY_SPLIT, 0, 0, 0, SOAK_LOST_PAGES
%endrep
.end:

; For each number of eighths left: the index of the first change, and how many, a power of
; two. 0: all, the first half more often.
alone:	db 0, 0, 0, 0, 0, 0
	db 14, 2, 12, 2, 10, 2, 6, 2, 4, 2, 0, 4
	times (SOAK_EIGHTHS + 1) * 2 - ($ - alone) db 0
	GUEST_END
