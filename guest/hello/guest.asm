; SPDX-License-Identifier: BSD-2-Clause
; Prints a line, reads CPUID's signature, tries a hypercall that does not exist.
%include "guest.inc"
GUEST_BEGIN
	lea rsi, [rel text]
	mov ecx, text_end - text
.next:	lodsb
	out GUEST_CONSOLE_PORT, al
	loop .next

	mov eax, CPUID_NESTBOX
	cpuid
	cmp ebx, CPUID_NESTBOX_EBX
	jne .stranger
	cmp ecx, CPUID_NESTBOX_ECX
	jne .stranger
	cmp edx, CPUID_NESTBOX_EDX
	jne .stranger

	HYPERCALL 0x7fffffff
	cmp rax, -1
	jne .answered
	DONE 0
.stranger:
	DONE 1
.answered:
	DONE 2

text:	db HELLO_TEXT, 10
text_end:
GUEST_END
