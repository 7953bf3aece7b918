; SPDX-License-Identifier: BSD-2-Clause
;
; INT n and INT3, first without a fault, then with an IDT and a stack that fault during
; delivery. The event must come once, and return to the next instruction.
;
; INT3 is the last event before the INT n that faults: Bochs 2.7 on SVM does not record an
; INT n whose delivery faults, and reports the previous event instead. If that was INT3,
; the right thing happens anyway: the INT n is executed again.
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
	BREAKPOINT			; the last event before an INT n that faults
	FRESH
	SOFT_INTERRUPT
	FRESH
	BREAKPOINT
EVENTS_END
