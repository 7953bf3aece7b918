; SPDX-License-Identifier: BSD-2-Clause
;
; Single-steps itself. Each #DB must come once, after the instruction that follows the POPFQ
; that sets TF, even if its delivery faults.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%include "events.inc"

%define DB 1

%macro STEPPED 1			; the instruction that is single-stepped
	pushfq
	or dword [rsp], FLAGS_TF
	lea r14, [rel %%behind]
	popfq
	%1
%%behind:
	CAME DB, 0
%endmacro

GUEST_BEGIN
	EVENTS_INIT
	STEPPED nop
	STEPPED {mov eax, [rel hypercall_kind]}
	FRESH
	STEPPED nop
EVENTS_END
