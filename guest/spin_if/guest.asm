; SPDX-License-Identifier: BSD-2-Clause
; Loops for ever, with interrupts on, and never exits by itself. It counts, so that it
; is seen to run.
%include "guest.inc"
GUEST_BEGIN
	sti
.loop:	inc rax
	jmp .loop
GUEST_END
