; SPDX-License-Identifier: BSD-2-Clause
;
; INT n and INT3, first without a fault, then with an IDT and a stack that
; fault while the event is delivered: it comes once, and returns behind the
; instruction.
;
; INT3 comes right before the INT n that faults: Bochs 2.7 on SVM does not record an INT n
; that faults on its way, and reports the event before it instead. If that was
; an INT3, the answer is the right one all the same: it runs again.
;
; The verdict is the number of the check that failed.
%include "guest.inc"
%include "events.inc"

%macro SOFT_INTERRUPT 0
	lea r14, [rel %%behind]
	int SOFT
%%behind:
	CAME SOFT, 0
%endmacro

%macro BREAKPOINT 0
	lea r14, [rel %%behind]
	int3
%%behind:
	CAME BP, 0
%endmacro

GUEST_BEGIN
	EVENTS_INIT
	SOFT_INTERRUPT
	BREAKPOINT			; last before an INT n that faults
	FRESH
	SOFT_INTERRUPT
	FRESH
	BREAKPOINT
EVENTS_END
