; SPDX-License-Identifier: BSD-2-Clause
;
; Asks the host for events. Each must come once, with the right vector, error code and
; return address. Then the same with an IDT and a stack that fault during delivery: no
; event may be lost or come twice.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%include "events.inc"

%define ERROR 0x1238
%define ERROR_TOO_LARGE 0x8000

%assign asked 0
%assign refused 0

%macro ASK 3			; type, vector, error code; sets R14 to the expected RIP
%assign asked asked + 1
	mov edx, %1
	mov ecx, %2
	mov ebx, %3
	mov eax, HC_INJECT
	cmp dword [rel hypercall_kind], HYPERCALL_VMMCALL
	je %%vmmcall
	lea r14, [rel %%vmcall_done]
	vmcall
%%vmcall_done:
	jmp %%done
%%vmmcall:
	lea r14, [rel %%done]
	vmmcall
%%done:
%endmacro

%macro REFUSED 3		; type, vector, error code
%assign asked asked - 1
%assign refused refused + 1
	ASK %1, %2, %3
	NOTHING_CAME
	cmp rax, -1
	jne wrong
%endmacro

GUEST_BEGIN
	EVENTS_INIT

	ASK INJECT_EXCEPTION, UD, 0
	CAME UD, 0
	ASK INJECT_EXCEPTION, GP, ERROR
	CAME GP, ERROR
	sti
	ASK INJECT_INTERRUPT, INTERRUPT, 0
	CAME INTERRUPT, 0
	cli
	ASK INJECT_NMI, NMI, 0
	CAME NMI, 0
	ASK INJECT_NMI, NMI, 0		; the handler's IRET opened them again
	CAME NMI, 0

	; an interrupt waits for STI and the instruction after it
	ASK INJECT_INTERRUPT, INTERRUPT, 0
	NOTHING_CAME
	REFUSED INJECT_INTERRUPT, INTERRUPT, 0
	lea r14, [rel .open]
	sti
	nop
.open:	cli
	CAME INTERRUPT, 0

	; an interrupt ends HLT
	ASK INJECT_INTERRUPT, INTERRUPT, 0
	lea r14, [rel .awake]
	sti
	hlt
.awake:	cli
	CAME INTERRUPT, 0

	REFUSED INJECT_EXCEPTION, NMI, 0
	REFUSED INJECT_EXCEPTION, BP, 0
	REFUSED INJECT_EXCEPTION, INTERRUPT, 0
	REFUSED INJECT_EXCEPTION, GP, ERROR_TOO_LARGE
	REFUSED INJECT_INTERRUPT, GP, 0
	REFUSED INJECT_NMI, GP, 0

	FRESH
	ASK INJECT_EXCEPTION, UD, 0
	CAME UD, 0
	FRESH
	ASK INJECT_EXCEPTION, GP, ERROR
	CAME GP, ERROR
	FRESH
	sti
	ASK INJECT_INTERRUPT, INTERRUPT, 0
	CAME INTERRUPT, 0
	cli
	FRESH
	ASK INJECT_NMI, NMI, 0
	CAME NMI, 0
	ASK INJECT_NMI, NMI, 0
	CAME NMI, 0

%if asked != INJECT_ASKED || refused != INJECT_REFUSED
%error "the code and layout.h do not agree"
%endif
EVENTS_END
