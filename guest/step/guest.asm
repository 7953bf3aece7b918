; SPDX-License-Identifier: BSD-2-Clause
;
; Single-steps itself: each #DB comes once, after the instruction that follows the one that sets
; TF, and over faults on its way too.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%include "events.inc"

%define DB 1

%macro STEPPED 1			; what is stepped over
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
